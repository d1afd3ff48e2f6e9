from __future__ import annotations

import pytest

from parsing import contacts
from parsing.headings import section_of
from parsing.names import tidy
from parsing.page import Line
from parsing.plain import lines_of
from parsing.reading import Reading
from parsing.resume import read_fields
from parsing.tests.cv_maker import Person, make_pdf, make_txt
from parsing.text import read_bytes


def read(text: str, file_name: str = "") -> Reading:
    return read_fields(read_bytes(text.encode()), file_name)


def lines(*texts: str) -> list[Line]:
    return lines_of("\n".join(texts))


@pytest.mark.parametrize(
    ("first_lines", "name"),
    [
        ("JEAN-LUC DE LA CRUZ\njl.cruz@example.org", "Jean-Luc de la Cruz"),
        ("Curriculum Vitae\nDr. Anna Müller, PhD\nSoftware Engineer", "Anna Müller"),
        ("RESUME\nName : Ravi Kumar\nravi@example.org", "Ravi Kumar"),
        ("Software Engineer\nGrace Abebe\ngrace.abebe@example.org", "Grace Abebe"),
        ("王小明\nwang@example.org", "王小明"),
        ("Иван Сергеевич Кузнецов\nivan@example.org", "Иван Сергеевич Кузнецов"),
        ("محمد أحمد\nm@example.org", "محمد أحمد"),
        ("J. R. Ewing\njr@example.org", "J. R. Ewing"),
    ],
)
def test_a_name_is_found_by_place_shape_and_agreement(first_lines, name):
    assert read(first_lines + "\nExperience\nEngineer, Initech\n2019 - 2020").fields["basics"]["name"] == name


def test_a_name_may_stand_in_the_file_name_only():
    basics = read("Experience\n2019 - 2020 work at some place", "Naukri_Priya-Raghunathan[5y].pdf").fields["basics"]
    assert basics["name"] == "Priya Raghunathan"


def test_capitals_become_a_name_with_particles_in_lower_case():
    assert tidy("MARÍA DE LA O’CONNELL") == "María de la O’Connell"
    assert tidy("Already Fine") == "Already Fine"


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("Phone: (312) 555-0123", "US", "+13125550123"),
        ("+91 98765 43210", "US", "+919876543210"),
        ("Tel 030 23125123", "DE", "+493023125123"),
        ("0044 20 7946 0123", "GB", "+442079460123"),
    ],
)
def test_telephone_numbers_are_e164(text, region, number):
    assert contacts.find_phones(lines(text), [], region)[0][0] == number


@pytest.mark.parametrize("text", ["2010 - 2014", "01.02.2015 - 31.12.2018", "2014-2018", "ID 12345"])
def test_dates_and_short_numbers_are_no_telephone(text):
    assert contacts.find_phones(lines(text), [], "US") == []


def test_an_icon_stuck_to_an_address_does_not_hide_it():
    assert contacts.find_emails(lines("✉ ana@example.org☎"), [])[0][0] == "ana@example.org"


def test_only_the_own_pages_are_links():
    text = (
        "Ana Diaz\nana@example.org | github.com/anadiaz | anadiaz.dev\nExperience\nEngineer, Initech\n2019 - 2020\n"
        "• Built https://initech.example.com/shop with Node.js\nProjects\ngithub.com/anadiaz/compiler"
    )
    basics = read(text).fields["basics"]
    assert [profile["url"] for profile in basics["profiles"]] == ["github.com/anadiaz"]
    assert basics["url"] == "anadiaz.dev"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("WORK EXPERIENCE", "work"),
        ("1. Berufserfahrung", "work"),
        ("Education & Training", "education"),
        ("教育背景", "education"),
        ("Опыт работы", "work"),
        ("الخبرات العملية", "work"),
        ("Compétences techniques :", "skills"),
        ("S K I L L S", "skills"),
        ("Software Engineer", ""),
        ("I worked here.", ""),
    ],
)
def test_titles_are_known_in_many_languages(title, kind):
    assert section_of(title) == kind


def test_several_titles_at_one_employer_share_it():
    text = (
        "Ana Diaz\nExperience\nContoso GmbH\nLead Engineer\tJan 2020 - Present\n• led\n• "
        "wrote\nEngineer\tJan 2018 - Dec 2019\n"
        "• built"
    )
    jobs = read(text).fields["work"]
    assert [(job["name"], job["position"]) for job in jobs] == [
        ("Contoso GmbH", "Lead Engineer"),
        ("Contoso GmbH", "Engineer"),
    ]


def test_a_table_of_a_job_portal_is_read_by_its_columns():
    text = (
        "Ana Diaz\nEmployment History\nOrganisation\tDesignation\tFrom\tTo\nInitech\tAnalyst\t01/2021\tPresent\n"
        "Hooli\tIntern\t02/2019\t12/2020\nEducation\nQualification\tInstitute\tYear\nMBA\tSome University\t2018"
    )
    fields = read(text).fields
    assert fields["work"] == [
        {"name": "Initech", "position": "Analyst", "startDate": "2021-01", "current": True},
        {"name": "Hooli", "position": "Intern", "startDate": "2019-02", "endDate": "2020-12"},
    ]
    assert fields["education"] == [{"studyType": "MBA", "institution": "Some University", "endDate": "2018"}]


def test_notice_pay_and_stated_experience_of_a_portal():
    text = (
        "Ana Diaz\nTotal Experience: 5 Years 6 Months\nNotice Period: 2 Months\nCurrent CTC: INR 12.5 Lakhs p.a.\n"
        "Expected Salary: 18 LPA\nSkills\nExcel"
    )
    fields = read(text).fields
    assert fields["notice_period"] == {"text": "2 Months", "days": 60}
    assert fields["pay"]["current"]["amount"] == 1_250_000
    assert fields["pay"]["expected"] == {"text": "18 LPA", "amount": 1_800_000.0, "currency": "INR"}
    assert fields["total_years"] == 5.5


def test_years_of_overlapping_jobs_count_once():
    text = "Ana Diaz\nExperience\nEngineer, Initech\tJan 2015 - Dec 2018\n• a\nAdvisor, Hooli\tJan 2017 - Dec 2019\n• b"
    assert read(text).fields["total_years"] == 5.0


def test_a_current_job_counts_until_today_where_the_file_has_no_date():
    layer = read_bytes(b"Ana Diaz\nExperience\nEngineer, Initech\tJan 2019 - Present")
    fields = read_fields(layer, today="2024-12").fields
    assert (fields["total_years"], fields["meta"]["as_of"]) == (6.0, "2024-12")


def test_a_current_job_counts_until_the_file_was_written():
    layer = read_bytes(b"Ana Diaz\nExperience\nEngineer, Initech\tJan 2019 - Present")
    layer.written = "D:20201215080000Z"
    fields = read_fields(layer, today="2024-12").fields
    assert (fields["total_years"], fields["meta"]["as_of"]) == (2.0, "2020-12")


def test_without_a_current_job_no_clock_matters():
    meta = read("Ana Diaz\nExperience\nEngineer, Initech\tJan 2015 - Dec 2018").fields["meta"]
    assert meta["as_of"] is None


def test_what_invites_bias_is_left_out():
    text = (
        make_txt(Person()).decode()
        + "\nPersonal Details\nDate of Birth: 01/02/1990\nMarital Status: Single\nReligion: none\n"
    )
    fields = read(text).fields
    fields["meta"].pop("explain")
    assert "1990" not in str(fields)
    assert "Single" not in str(fields)


def test_skills_keep_their_writing_and_get_their_usual_name():
    skills = read("Ana Diaz\nSkills\nk8s, Postgres, C++, Food safety (HACCP, ISO), underwater basket weaving").fields[
        "skills"
    ]
    assert skills[0] == {"name": "k8s", "canonical": "Kubernetes"}
    assert skills[1] == {"name": "Postgres", "canonical": "PostgreSQL"}
    assert [skill["name"] for skill in skills[2:]] == ["C++", "Food safety (HACCP, ISO)", "underwater basket weaving"]


def test_skills_outside_a_section_come_with_their_line():
    reading = read(
        "Ana Diaz\nana@example.org\nExperience\nEngineer, Initech\n2019 - 2020\n• Moved billing "
        "to Kubernetes and PostgreSQL"
    )
    assert {skill["name"] for skill in reading.fields["skills"]} == {"Kubernetes", "PostgreSQL"}


def test_every_value_is_explained_with_rule_confidence_page_and_box():
    meta = read_fields(read_bytes(make_pdf(Person()))).fields["meta"]
    notes = {note["field"]: note for note in meta["explain"]}
    for path in (
        "basics.name",
        "basics.email",
        "work[0].name",
        "work[1].position",
        "education[0].studyType",
        "skills[2].name",
    ):
        assert notes[path]["rule"]
        assert 0 < notes[path]["confidence"] <= 1
        assert notes[path]["page"] == 1
        assert len(notes[path]["box"]) == 4
    assert set(meta["confidence"]) >= {"basics.name", "work", "education", "skills"}


@pytest.mark.parametrize(
    "text",
    [
        "INVOICE No 4711\nBill to: Contoso GmbH\nPosition Amount\nPaper 12.00\nSubtotal 12.00\nVAT "
        "no DE123\nAmount due 14.28 EUR",
        "Salary Slip March 2024\nEmployee: Ana Diaz\nEarnings Basic 1000\nDeductions Provident Fund "
        "100\nGross pay 1000\nNet Pay 900",
        "BOARDING PASS\nPassenger DIAZ/ANA\nSeat No 12A Gate closes 10:40\nDeparture 11:00 PNR ABC123",
        "milk\neggs\nbread",
    ],
)
def test_papers_that_are_no_cv_are_set_apart_with_reasons(text):
    meta = read(text).fields["meta"]
    assert meta["is_cv"] is False
    assert all(reason[:1] in "+-" for reason in meta["reasons"])


def test_a_thin_cv_is_still_a_cv():
    assert read("Ana Diaz\nana.diaz@example.org").fields["meta"]["is_cv"] is True


def test_the_language_of_a_cv_is_told():
    assert (
        read("Erfahrung mit der Leitung von Teams und der Planung für das Werk und die Abteilung").fields["meta"][
            "language"
        ]
        == "de"
    )
    assert read("负责公司网站的开发与维护工作").fields["meta"]["language"] == "zh"
