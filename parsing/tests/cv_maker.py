"""Makes CV files of invented people in several formats and layouts, with the truth beside them."""

from __future__ import annotations

import io
import random
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

import docx
import pypdfium2
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Block = tuple[str, str]  # style and text; the style is title, heading, bold, item or plain


@dataclass
class Job:
    company: str
    title: str
    start: str
    end: str
    highlights: tuple[str, ...] = ()


def headings() -> dict[str, str]:
    return {
        "summary": "Summary",
        "work": "Work Experience",
        "education": "Education",
        "skills": "Skills",
        "languages": "Languages",
    }


@dataclass
class Person:
    """One invented candidate."""

    name: str = "Amara Okafor"
    email: str = "amara.okafor@example.org"
    phone: str = "+44 20 7946 0123"
    link: str = "linkedin.com/in/amara-okafor"
    city: str = "London"
    label: str = "Data Analyst"
    summary: str = "Data Analyst with 9 years of experience in retail and logistics."
    work: tuple[Job, ...] = (
        Job(
            "Northwind Traders Ltd",
            "Senior Data Analyst",
            "Mar 2019",
            "Present",
            ("Led a team of four across two sites", "Reduced reporting time by half"),
        ),
        Job("Contoso GmbH", "Data Analyst", "Jan 2015", "Feb 2019", ("Built dashboards for 30 clients",)),
    )
    school: str = "University of Exampleton"
    degree: str = "Bachelor of Science"
    area: str = "Statistics"
    years: tuple[str, str] = ("2011", "2014")
    skills: tuple[str, ...] = ("Python", "PostgreSQL", "Power BI", "Negotiation", "C++")
    languages: tuple[str, ...] = ("English", "French")
    headings: dict[str, str] = field(default_factory=headings)


def header(person: Person) -> list[Block]:
    contact = f"{person.city} | {person.phone} | {person.email} | {person.link}"
    return [("title", person.name), ("plain", person.label), ("plain", contact)]


def main_part(person: Person) -> list[Block]:
    blocks = [("heading", person.headings["summary"]), ("plain", person.summary), ("heading", person.headings["work"])]
    for job in person.work:
        blocks += [("bold", f"{job.title}\t{job.start} – {job.end}"), ("plain", job.company)]
        blocks += [("item", highlight) for highlight in job.highlights]
    years = f"{person.years[0]} – {person.years[1]}"
    blocks += [("heading", person.headings["education"]), ("bold", f"{person.school}\t{years}")]
    return [*blocks, ("plain", f"{person.degree} in {person.area}")]


def lists(person: Person) -> list[Block]:
    return [
        ("heading", person.headings["skills"]),
        ("plain", ", ".join(person.skills)),
        ("heading", person.headings["languages"]),
        ("plain", ", ".join(person.languages)),
    ]


def text_blocks(person: Person) -> list[Block]:
    return header(person) + main_part(person) + lists(person)


def plain_text(person: Person) -> str:
    marks = {"heading": "\n", "item": "• "}
    return "\n".join(marks.get(style, "") + text for style, text in text_blocks(person))


def make_txt(person: Person) -> bytes:
    return plain_text(person).encode()


def make_rtf(person: Person) -> bytes:
    def rtf(text: str) -> str:
        plain = text.replace("\\", "\\\\").replace("\t", "\\tab ")
        return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in plain)

    body = "\\par\n".join(rtf(line) for line in plain_text(person).split("\n"))
    return ("{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0\\fs20 " + body + "\\par}").encode("ascii")


def make_html(person: Person) -> bytes:
    tags = {"title": "h1", "heading": "h2", "item": "li"}
    body = "".join(
        f"<{tags.get(style, 'p')}>{escape(text).replace(chr(9), ' &nbsp; ')}</{tags.get(style, 'p')}>"
        for style, text in text_blocks(person)
    )
    return f"<!DOCTYPE html><html><head><title>CV</title></head><body>{body}</body></html>".encode()


def make_docx(person: Person) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    names = {"title": "Title", "heading": "Heading 1", "item": "List Bullet"}
    for style, text in text_blocks(person):
        document.add_paragraph(text, style=names.get(style))
    document.save(out)
    return out.getvalue()


def make_docx_table(person: Person) -> bytes:
    """Contact data in a header, jobs in a table with dates in the first column."""
    document, out = docx.Document(), io.BytesIO()
    for _, text in header(person):
        document.sections[0].header.add_paragraph(text)
    document.add_paragraph(person.headings["work"], style="Heading 1")
    table = document.add_table(rows=0, cols=2)
    for job in person.work:
        cells = table.add_row().cells
        cells[0].text = f"{job.start} – {job.end}"
        cells[1].text = "\n".join((job.title, job.company, *job.highlights))
    for style, text in [*main_part(person)[-3:], *lists(person)]:
        document.add_paragraph(text, style="Heading 1" if style == "heading" else None)
    document.save(out)
    return out.getvalue()


def make_odt(person: Person) -> bytes:
    def paragraph(style: str, text: str) -> str:
        tag = "h" if style in ("title", "heading") else "p"
        written = f"<text:{tag}>{escape(text).replace(chr(9), '<text:tab/>')}</text:{tag}>"
        return f"<text:list><text:list-item>{written}</text:list-item></text:list>" if style == "item" else written

    body = "".join(paragraph(style, text) for style, text in text_blocks(person))
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
        f"{body}</office:text></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
    return out.getvalue()


def make_doc(person: Person) -> bytes:
    """The smallest Word 97 file: a FIB, one UTF-16 piece, a piece table, in a compound file."""
    text = plain_text(person).replace("\n", "\r") + "\r"
    raw = text.encode("utf-16-le")
    letters = len(raw) // 2
    plc = struct.pack("<II", 0, letters) + struct.pack("<HIH", 0, 0x800, 0)
    clx = b"\x02" + struct.pack("<I", len(plc)) + plc
    fib = bytearray(0x800)
    struct.pack_into("<HH", fib, 0, 0xA5EC, 193)
    struct.pack_into("<H", fib, 0x0A, 0x0200)
    struct.pack_into("<I", fib, 0x4C, letters)
    struct.pack_into("<II", fib, 0x01A2, 0, len(clx))
    return _compound({"WordDocument": bytes(fib) + raw, "1Table": clx})


def _compound(streams: dict[str, bytes]) -> bytes:
    """A compound file whose streams all lie in ordinary sectors of 512 bytes."""
    fat, sectors, entries = [0xFFFFFFFD], [b""], [_entry("Root Entry", 5, 0xFFFFFFFE, 0)]
    for name, data in streams.items():
        data = data.ljust(4096, b"\0")
        start, count = len(sectors), -(-len(data) // 512)
        sectors += [data[i * 512 : (i + 1) * 512].ljust(512, b"\0") for i in range(count)]
        fat += [*range(start + 1, start + count), 0xFFFFFFFE]
        entries.append(_entry(name, 2, start, len(data)))
    directory = len(sectors)
    sectors.append(b"".join(entries).ljust(512, b"\0"))
    fat.append(0xFFFFFFFE)
    sectors[0] = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", head, 0x18, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", head, 0x2C, 1, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    struct.pack_into("<108I", head, 0x50, *[0xFFFFFFFF] * 108)
    return bytes(head) + b"".join(sectors)


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    tail = (
        struct.pack("<HBBIII", len(encoded), kind, 1, *[0xFFFFFFFF] * 3) + bytes(36) + struct.pack("<II", start, size)
    )
    return encoded.ljust(64, b"\0") + tail + bytes(4)


class Paper:
    """Draws blocks into columns; `by_rows` draws all columns line by line, as some writers and printers do."""

    def __init__(self, font: str = "Helvetica"):
        self.out = io.BytesIO()
        self.canvas = Canvas(self.out, pagesize=A4, invariant=True)
        self.font, self.drawn = font, list[tuple[float, float, str, str, float]]()

    def column(self, blocks: list[Block], x: float, y: float, width: float) -> float:
        for style, text in blocks:
            size = {"title": 20, "heading": 13}.get(style, 9.5)
            font = self.font if style in ("plain", "item") else f"{self.font}-Bold"
            left, _, right = text.partition("\t")
            y -= size * 1.5
            for line in self._wrap(("• " if style == "item" else "") + left, font, size, width):
                self.drawn.append((y, x + 8 * (style == "item"), line, font, size))
                y -= size * 1.25
            y += size * 1.25
            if right:
                at = x + width - self.canvas.stringWidth(right, self.font, 9.5)
                self.drawn.append((y, at, right, self.font, 9.5))
        return y

    def _wrap(self, text: str, font: str, size: float, width: float) -> list[str]:
        lines, line = list[str](), ""
        for word in text.split(" "):
            trial = f"{line} {word}".strip()
            if line and self.canvas.stringWidth(trial, font, size) > width:
                lines.append(line)
                trial = word
            line = trial
        return [*lines, line]

    def save(self, by_rows: bool = False) -> bytes:
        drawn = sorted(self.drawn, key=lambda d: (-round(d[0]), d[1])) if by_rows else self.drawn
        for y, x, text, font, size in drawn:
            self.canvas.setFont(font, size)
            self.canvas.drawString(x, y, text)
        self.canvas.save()
        return self.out.getvalue()


def make_pdf(person: Person) -> bytes:
    paper = Paper()
    paper.column(text_blocks(person), 50, 800, 495)
    return paper.save()


def make_two_columns(person: Person, by_rows: bool = False, left: bool = True) -> bytes:
    """Contact, skills and languages in a sidebar, the rest beside it."""
    contact = [("heading", "Contact"), ("plain", person.city), ("plain", person.phone), ("plain", person.email)]
    side = [*contact, ("plain", person.link), *lists(person)]
    paper = Paper()
    y = paper.column([("title", person.name), ("plain", person.label)], 40, 800, 500)
    paper.column(side, 40 if left else 400, y - 10, 160)
    paper.column(main_part(person), 225 if left else 40, y - 14, 330)
    return paper.save(by_rows)


def make_margin(person: Person) -> bytes:
    """Dates in a left margin, as in Europass and academic CVs."""
    paper = Paper()
    y = paper.column(header(person), 50, 800, 495)
    y = paper.column([("heading", person.headings["work"])], 50, y - 8, 495)
    for job in person.work:
        paper.column([("plain", f"{job.start} – {job.end}")], 50, y, 100)
        inner = [("bold", job.title), ("plain", job.company), *(("item", told) for told in job.highlights)]
        y = paper.column(inner, 170, y, 375) - 4
    y = paper.column([("heading", person.headings["education"])], 50, y, 495)
    paper.column([("plain", f"{person.years[0]} – {person.years[1]}")], 50, y, 100)
    y = paper.column([("bold", f"{person.degree} in {person.area}"), ("plain", person.school)], 170, y, 375)
    paper.column(lists(person), 50, y, 495)
    return paper.save()


def make_picture_pdf() -> bytes:
    """A page without any text."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.rect(50, 50, 400, 600, fill=1)
    canvas.save()
    return out.getvalue()


def make_scan(person: Person, resolution: int = 200) -> bytes:
    """The plain PDF as pictures of its pages, without any text."""
    out, pages = io.BytesIO(), pypdfium2.PdfDocument(make_pdf(person))
    canvas = Canvas(out, pagesize=A4, invariant=True)
    for page in pages:
        picture = io.BytesIO()
        page.render(scale=resolution / 72).to_pil().convert("L").save(picture, "JPEG", quality=70)
        picture.seek(0)
        canvas.drawImage(ImageReader(picture), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


GIVEN = ("Amara", "Priya", "Björn", "Lucía", "Jean-Luc", "Siobhán", "Omar", "Grace", "Tobias", "Agnieszka")
FAMILY = ("Okafor", "Sharma", "Lindqvist", "de la Cruz", "O'Connell", "Smith-Jones", "Krishnamurthy", "Brown")
COMPANIES = (
    "Northwind Traders Ltd",
    "Contoso GmbH",
    "Initech",
    "Blue Yonder Foods",
    "Acme Analytics, Inc.",
    "St. Anselm Hospital",
    "Zalando",
    "Brightpath",
    "City of Riverton",
    "Orchid & Elm",
    "Kerrigan Freight",
    "Umbrella Logistics Pvt. Ltd.",
)
TITLES = (
    "Senior Data Analyst",
    "Registered Nurse",
    "Product Manager",
    "QA Engineer",
    "Chef de Partie",
    "Head of Marketing",
    "Payroll Clerk",
    "Growth Hacker",
    "Bus Driver",
    "Site Reliability Engineer",
    "Teaching Assistant",
    "Legal Counsel",
)
TIMES = (("Mar 2019", "Present"), ("January 2016", "February 2019"), ("04/2012", "12/2015"), ("2008", "2011"))
SKILLS = (
    "Python",
    "C++",
    "C#",
    "Power BI",
    "Negotiation",
    "AutoCAD",
    "Patient care",
    "Node.js",
    "SAP FI/CO",
    "R",
    "Welding",
    "Bookkeeping",
    "Terraform",
    "Public speaking",
    "Risk assessment",
    "Latte art",
)
STUDIES = (
    ("Bachelor of Science", "Statistics"),
    ("MBA", "Finance"),
    ("B.Tech", "Computer Science"),
    ("PhD", "Physics"),
)
SCHOOLS = ("University of Exampleton", "Springfield State College", "Hochschule Musterstadt", "Riverton Polytechnic")


def random_person(rng: random.Random) -> Person:
    """An invented candidate; the same generator state gives the same one."""
    name = f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"
    slug = "".join(c for c in unicodedata.normalize("NFKD", name).lower() if c.isascii() and c.isalnum())
    told = ("Led a team of four across two sites", f"Trained {rng.randint(2, 40)} new colleagues")
    work = tuple(Job(rng.choice(COMPANIES), rng.choice(TITLES), *times, told) for times in TIMES[: rng.randint(2, 4)])
    degree, area = rng.choice(STUDIES)
    return Person(
        name=name,
        email=f"{slug}@example.org",
        link=f"linkedin.com/in/{slug}",
        work=work,
        degree=degree,
        area=area,
        school=rng.choice(SCHOOLS),
        skills=tuple(rng.sample(SKILLS, rng.randint(3, 9))),
        label=rng.choice(TITLES),
    )


LAYOUTS: dict[str, Callable[[Person], bytes]] = {
    "pdf": make_pdf,
    "two-columns": make_two_columns,
    "two-columns-by-rows": lambda person: make_two_columns(person, by_rows=True),
    "sidebar-right": lambda person: make_two_columns(person, left=False),
    "sidebar-right-by-rows": lambda person: make_two_columns(person, by_rows=True, left=False),
    "margin-dates": make_margin,
    "docx": make_docx,
    "docx-table": make_docx_table,
    "odt": make_odt,
    "doc": make_doc,
    "rtf": make_rtf,
    "html": make_html,
    "txt": make_txt,
}
