"""The ways in which people of many countries and trades write the same things."""

from __future__ import annotations

from typing import Any

import pytest

from parsing.certificates import find_certificates
from parsing.dates import looks_like_date
from parsing.education import split_degree
from parsing.page import Line
from parsing.resume import read_fields
from parsing.text import read_bytes
from parsing.who import degree_level, place_score, title_score


def read(text: str) -> dict[str, Any]:
    return read_fields(read_bytes(text.encode())).fields


@pytest.mark.parametrize(
    ("first_line", "name"),
    [
        ("Prof. Dr. Miriam O. Adeleke, FRSC", "Miriam O. Adeleke"),
        ("Dr.-Ing. Max von der Heide", "Max von der Heide"),
        ("Chloe Banks RN, BSc (Hons)", "Chloe Banks"),
        ("KIM NGUYEN, M.Ed.", "Kim Nguyen"),
        ("Johannes Krüger, Produktmanager", "Johannes Krüger"),
        ("DUPONT, Marie", "Marie Dupont"),
        ("Nombre y apellidos: José Ignacio Pérez", "José Ignacio Pérez"),
        ("First name(s) / Surname(s)\tGiulia Ferrari", "Giulia Ferrari"),
        ("姓名:李文博", "李文博"),
    ],
)
def test_a_name_stands_among_titles_degrees_and_labels(first_line, name):
    text = f"{first_line}\nsomebody@example.org\nExperience\nEngineer, Initech\n2019 - 2020"
    assert read(text)["basics"]["name"] == name


@pytest.mark.parametrize(
    ("text", "level"),
    [("MSc Physics", "master"), ("BSc", "bachelor"), ("me and my team", ""), ("M.E. Physics", "master")],
)
def test_a_short_degree_is_told_by_its_capitals(text, level):
    assert degree_level(text) == level


def test_a_compound_of_a_title_is_a_title():
    assert title_score("Qualitätsingenieurin") >= 2


def test_a_place_may_be_an_area_around_a_city():
    assert place_score("Greater London Area") >= 2


def test_a_national_number_with_its_leading_zero_is_kept_as_written():
    assert read("Ann Lee\n020 7946 0958\nExperience")["basics"]["phone"] == "02079460958"


def test_a_range_of_dates_with_points_is_no_telephone():
    assert looks_like_date("(2016.04 – 2021.03)")
    assert "phone" not in read("Ann Lee\nann@example.org\nEngineer (2016.04 – 2021.03)")["basics"]


def test_a_link_in_a_sentence_is_not_the_persons_page():
    text = "Ann Lee\nann@example.org\nI write about food on example.com since 2019."
    assert "url" not in read(text)["basics"]


def test_a_long_line_with_its_dates_still_names_a_study():
    text = (
        "Education\nSept 2018 – May 2023 Princeton University, PhD in Computer Science and Applied Mathematics – "
        "Princeton, NJ"
    )
    (study,) = read(text)["education"]
    assert (study["institution"], study["studyType"], study["endDate"]) == ("Princeton University", "PhD", "2023-05")


def test_a_form_of_labels_with_values_is_read_record_by_record():
    text = (
        "Ann Lee\nWork experience\nDates\t01/09/2019 →\nOccupation or position held\tProject Assistant\n"
        "Name and address of employer\tFondazione Esempio, Bologna (Italy)\nDates\t01/02/2017 - 31/07/2019\n"
        "Occupation or position held\tReceptionist\nName and address of employer\tHotel Miramare, Rimini (Italy)"
    )
    assert read(text)["work"] == [
        {"name": "Fondazione Esempio", "position": "Project Assistant", "startDate": "2019-09", "current": True},
        {"name": "Hotel Miramare", "position": "Receptionist", "startDate": "2017-02", "endDate": "2019-07"},
    ]


def test_a_grade_behind_a_school_is_cut_off():
    (study,) = read("Education\nBusiness Management, BA (Hons)\nSome University, GPA: 3.7\n2011 - 2014")["education"]
    assert study["institution"] == "Some University"


def test_a_level_in_brackets_is_no_part_of_a_skill():
    text = "Skills\nMS Office (sehr gut), SAP QM (Grundkenntnisse), Adobe Suite (Photoshop)"
    assert [skill["name"] for skill in read(text)["skills"]] == ["MS Office", "SAP QM", "Adobe Suite (Photoshop)"]


def test_two_known_skills_in_little_boxes_are_two():
    assert [skill["name"] for skill in read("Skills\nKafka RabbitMQ")["skills"]] == ["Kafka", "RabbitMQ"]


@pytest.mark.parametrize(
    ("text", "degree", "area"),
    [
        ("Business Management, BA (Hons)", "BA (Hons)", "Business Management"),
        ("BA (Hons) Business Management", "BA (Hons)", "Business Management"),
        ("Informatics Engineering, MSc", "MSc", "Informatics Engineering"),
        ("Grado en Arquitectura Técnica", "Grado", "Arquitectura Técnica"),
        ("Bachelor of Science in Nursing", "Bachelor of Science", "Nursing"),
    ],
)
def test_a_degree_stands_before_or_behind_its_area(text, degree, area):
    assert split_degree(text) == (degree, area)


def test_an_area_may_have_a_line_of_its_own():
    (study,) = read("Education\nUniversity of Porto\nInformatics Engineering\nMSc\n2014 - 2016")["education"]
    assert (study["institution"], study["studyType"], study["area"]) == (
        "University of Porto",
        "MSc",
        "Informatics Engineering",
    )


def test_a_job_may_be_a_sentence_that_begins_with_its_dates():
    text = (
        "Experiencia laboral\n"
        "• Desde marzo 2018 hasta la actualidad: Jefe de obra. Construcciones Ibéricas S.L. (Madrid).\n"
        "• De enero 2013 a febrero 2018: Encargado de obra. Ferrovial Agroman S.A. (Sevilla)."
    )
    jobs = read(text)["work"]
    assert [(job["position"], job["startDate"]) for job in jobs] == [
        ("Jefe de obra", "2018-03"),
        ("Encargado de obra", "2013-01"),
    ]


def test_what_was_done_is_no_employer():
    text = "Experience\nLeiter Vertrieb, Vattenfall\nApr 2019 - Present\nAufbau eines Teams von sechs Personen"
    (job,) = read(text)["work"]
    assert (job["position"], job["name"]) == ("Leiter Vertrieb", "Vattenfall")


def test_a_cv_without_titles_is_divided_by_what_its_entries_tell():
    fields = read(
        "Tomasz Zieliński\ntomasz@example.pl\n\nSenior Developer, Allegro S.A., 03/2020 – now\n"
        "Rewrote the pricing service.\n\nSome University, MSc Computer Science, 2011 – 2016"
    )
    assert [(job["name"], job["position"]) for job in fields["work"]] == [("Allegro S.A.", "Senior Developer")]
    assert [study["institution"] for study in fields["education"]] == ["Some University"]


def test_languages_for_programming_are_skills():
    fields = read("Ann Lee\nLanguages\nJava\nKotlin\nEducation\nMSc, Some University, 2019")
    assert ([skill["name"] for skill in fields["skills"]], fields["languages"]) == (["Java", "Kotlin"], [])


def test_languages_may_stand_among_the_contact_data():
    assert [item["language"] for item in read("Ann Lee\nPortuguese, English\nExperience")["languages"]] == [
        "Portuguese",
        "English",
    ]


def test_the_own_site_may_stand_below_the_summary():
    text = "Ann Lee\nAbout\nEngineer who likes short loops.\nWebsite: https://ann.example.org\nExperience"
    assert read(text)["basics"]["url"] == "https://ann.example.org"


def test_a_lighter_line_below_a_certificate_is_its_issuer():
    lines = [
        Line("Six Sigma Green Belt", size=9, bold=True, cells=("Six Sigma Green Belt",)),
        Line("ASQ", size=9, cells=("ASQ",)),
    ]
    assert [item for item, _ in find_certificates(lines)] == [{"name": "Six Sigma Green Belt", "issuer": "ASQ"}]
