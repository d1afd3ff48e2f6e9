"""Makes CV files of invented people in several formats and layouts, with the truth beside them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import docx
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas


@dataclass
class Job:
    company: str
    title: str
    start: str
    end: str
    highlights: tuple[str, ...] = ()


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
    headings: dict[str, str] = field(
        default_factory=lambda: {
            "summary": "Summary",
            "work": "Work Experience",
            "education": "Education",
            "skills": "Skills",
            "languages": "Languages",
        }
    )


def text_blocks(person: Person) -> list[tuple[str, str]]:
    """(style, text) in reading order; style is title, heading, bold, item or plain."""
    blocks = [
        ("title", person.name),
        ("plain", person.label),
        ("plain", f"{person.city} | {person.phone} | {person.email} | {person.link}"),
        ("heading", person.headings["summary"]),
        ("plain", person.summary),
        ("heading", person.headings["work"]),
    ]
    for job in person.work:
        blocks += [("bold", f"{job.title}\t{job.start} – {job.end}"), ("plain", job.company)]
        blocks += [("item", highlight) for highlight in job.highlights]
    blocks += [
        ("heading", person.headings["education"]),
        ("bold", f"{person.school}\t{person.years[0]} – {person.years[1]}"),
        ("plain", f"{person.degree} in {person.area}"),
        ("heading", person.headings["skills"]),
        ("plain", ", ".join(person.skills)),
        ("heading", person.headings["languages"]),
        ("plain", ", ".join(person.languages)),
    ]
    return blocks


def make_txt(person: Person) -> bytes:
    return "\n".join(
        ("\n" if style == "heading" else "") + ("• " if style == "item" else "") + text
        for style, text in text_blocks(person)
    ).encode()


def make_docx(person: Person) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    names = {"title": "Title", "heading": "Heading 1", "item": "List Bullet"}
    for style, text in text_blocks(person):
        document.add_paragraph(text, style=names.get(style))
    document.save(out)
    return out.getvalue()


def make_pdf(person: Person) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    y = 790.0
    for style, text in text_blocks(person):
        size = {"title": 20, "heading": 13}.get(style, 10)
        font = "Helvetica" if style in ("plain", "item") else "Helvetica-Bold"
        left, _, right = text.partition("\t")
        y -= size * 1.5
        canvas.setFont(font, size)
        canvas.drawString(62 if style == "item" else 50, y, ("• " if style == "item" else "") + left)
        canvas.setFont("Helvetica", 10)
        canvas.drawRightString(545, y, right)
    canvas.save()
    return out.getvalue()


def make_picture_pdf() -> bytes:
    """A page without any text."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.rect(50, 50, 400, 600, fill=1)
    canvas.save()
    return out.getvalue()
