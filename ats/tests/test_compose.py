"""docker-compose.yml, the Dockerfile and what they start. No engine runs here, so they are read, not run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from ats import settings, stack
from ats.processes import Program, all_running, free_port
from ats.services.base import program_path
from ats.services.redis import Redis
from ats.tests.test_configuration import COMPOSE_ONLY, env_example

ROOT = Path(settings.BASE_DIR)
FILES = ["docker-compose.yml", "deploy/docker-compose.tls.yml"]
OURS = ["web", "worker", "beat", "migrate", "bucket"]
ONE_SHOT = ["migrate", "bucket"]
DEVELOPERS_ONLY = {"DEBUG"}
SECRETS = ["SECRET_KEY", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD",
           "REDIS_PASSWORD"]  # fmt: skip


def text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.fixture
def compose() -> dict[str, Any]:
    return yaml.safe_load(text("docker-compose.yml"))


def dockerfile_command(target: str) -> list[str]:
    stage = re.search(rf"^FROM \S+ AS {target}$(.*?)(?=^FROM|\Z)", text("Dockerfile"), re.M | re.S)
    assert stage is not None
    return json.loads(re.search(r"^CMD (\[.*?\])$", stage[1].replace("\\\n", ""), re.M)[1])


@pytest.mark.parametrize("name", FILES)
def test_it_follows_the_schema_of_the_compose_specification(name):
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", name]

    checked = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout


def test_every_setting_reaches_our_services_and_nothing_else_does(compose):
    for name in OURS:
        assert set(compose["services"][name]["environment"]) - COMPOSE_ONLY == settings.env.known - DEVELOPERS_ONLY


def test_what_is_asked_of_the_person_who_deploys_stands_in_env_example():
    asked = {name for file in FILES for name in re.findall(r"\$\{([A-Z0-9_]+)", text(file))}

    assert asked <= set(env_example())
    assert asked >= COMPOSE_ONLY


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_required_with_a_sentence_and_has_no_default(name):
    uses = re.findall(rf"\${{{name}([^}}]*)}}", text("docker-compose.yml"))

    assert any(use.startswith(":?set ") for use in uses)
    assert all(use == "" or use.startswith(":?") for use in uses)


def test_no_secret_lies_in_a_file_that_is_deployed():
    looks_secret = re.compile(r"ats_[0-9a-f]{20,}|AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY|://[^:/$\s]+:[^$@{\s]+@")
    for path in [ROOT / "Dockerfile", ROOT / "docker-compose.yml", ROOT / ".env.example", *ROOT.glob("deploy/**/*")]:
        if path.is_file():
            found = looks_secret.findall(path.read_text().replace("postgres://user:password@host", ""))
            assert [one for one in found if one != "://:password@"] == [], path


def test_the_image_takes_in_no_env_file_no_data_and_no_history():
    patterns = text(".dockerignore").split("\n")

    assert "*" in patterns  # nothing, but for what is named
    assert not any(named in patterns for named in ("!.env", "!var", "!.git", "!.venv"))


def test_images_are_pinned_by_version(compose):
    images = [service["image"] for service in compose["services"].values()]
    images += re.findall(r"^FROM (\S+:\S+)", text("Dockerfile"), re.M)

    assert all(re.search(r":v?\d+\.\d+", image) for image in images), images


def test_every_service_gives_up_what_it_does_not_need(compose):
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_our_image_does_not_run_as_root():
    users = re.findall(r"^(?:FROM \S+ AS (\w+)|USER (\S+))$", text("Dockerfile"), re.M)
    last_user = {}
    stage = ""
    for name, user in users:
        stage = name or stage
        last_user[stage] = user or last_user.get(stage)

    assert last_user["web"] == last_user["worker"] == "10001:10001"


def test_only_the_proxy_can_be_reached_and_by_default_from_this_machine_alone(compose):
    open_to = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

    assert open_to == {"proxy": ["${HTTP_PORT:-127.0.0.1:8080}:8080"]}
    assert compose["networks"]["inside"]["internal"] is True


def test_services_come_back_and_say_whether_they_are_well_and_those_that_run_once_end(compose):
    for name, service in compose["services"].items():
        assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped"), name
        assert ("healthcheck" in service) == (name not in ONE_SHOT), name


def test_nothing_of_ours_starts_before_tables_bucket_and_broker_are_there(compose):
    for name in ("web", "worker", "beat"):
        assert compose["services"][name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "bucket": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }


def test_what_must_last_lies_in_named_volumes(compose):
    lasting = {"postgres": "/var/lib/postgresql", "redis": "/data", "seaweedfs": "/data", "web": "/data"}
    for name, folder in lasting.items():
        sources = dict(reversed(volume.split(":")[:2]) for volume in compose["services"][name]["volumes"])
        assert sources[folder] in compose["volumes"], name


def test_the_script_that_makes_the_roles_is_run_and_not_read_into_the_entry_point():
    assert (ROOT / "deploy/postgres/roles.sh").stat().st_mode & 0o111 == 0o111


def test_no_secret_stands_in_the_arguments_of_a_program(compose):
    for service in compose["services"].values():
        words = json.dumps([service.get("entrypoint"), service.get("command"), service.get("healthcheck")])
        assert not [name for name in SECRETS if f"${{{name}" in words]


@pytest.fixture
def redis_of_compose(compose, tmp_path):
    """Redis started as the container is, but for the image's entry point, which only changes the account."""
    entry_point, port = tmp_path / "docker-entrypoint.sh", free_port()
    entry_point.write_text('#!/bin/sh\nexec "$@"\n')
    entry_point.chmod(0o755)
    service = compose["services"]["redis"]
    places = f"redis-server --port {port} --dir {tmp_path} "
    script = service["command"][0].replace("$$", "$").replace("redis-server ", places)
    programs = [str(tmp_path), str(Path(program_path("redis-server") or "").parent), os.environ["PATH"]]
    environment = {"PATH": os.pathsep.join(programs), "REDISCLI_AUTH": "made-up"}
    with all_running(Program("redis", [*service["entrypoint"], script], environment)):
        client = redis.Redis(port=port, password="made-up", retry=Retry(ConstantBackoff(0.1), 100))
        client.ping()
        yield client


@pytest.mark.skipif(not Redis.available(), reason="no Redis for this platform")
def test_redis_writes_down_what_it_takes_and_throws_nothing_away(redis_of_compose):
    assert redis_of_compose.config_get("appendonly") == {"appendonly": "yes"}
    assert redis_of_compose.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@pytest.mark.skipif(not Redis.available(), reason="no Redis for this platform")
def test_redis_answers_nobody_without_the_password(redis_of_compose):
    port = redis_of_compose.connection_pool.connection_kwargs["port"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()


def test_seaweedfs_reports_to_nobody_and_shows_only_s3(compose):
    command = compose["services"]["seaweedfs"]["command"]

    assert {"-master.telemetry=false", "-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0"} <= set(command)
    assert {"-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"} <= set(command)


def test_the_image_starts_the_web_server_with_the_options_of_make_run():
    ours = stack.Web(8000, {}).command
    theirs = dockerfile_command("web")

    options = ["--worker-class", "--threads", "--max-requests", "--max-requests-jitter", "--graceful-timeout"]
    assert [theirs[theirs.index(o) + 1] for o in options] == [ours[ours.index(o) + 1] for o in options]
    assert "--no-control-socket" in theirs


def test_the_proxy_lets_through_the_largest_body_that_a_door_takes():
    doors = text("deploy/nginx/doors.conf")
    units = {"m": 2**20, "g": 2**30}
    most = {
        place: int(size) * units[unit]
        for place, size, unit in re.findall(
            r"^location (\S+) \{[^}]*?client_max_body_size (\d+)([mg]);",
            doors.replace("{ deny all; }", ""),
            re.M | re.S,
        )
    }

    assert most["/candidates"] > settings.CV_MAX_BYTES
    assert most["/api/chunked-upload"] > settings.UPLOAD_CHUNK_BYTES
    assert most["/ats/"] >= settings.UPLOAD_MAX_BYTES


def test_what_the_proxy_refuses_has_the_envelope():
    bodies = re.findall(r"return \d+ '(\{.*\})';", text("deploy/nginx/doors.conf"))

    assert len(bodies) > 5
    for body in map(json.loads, bodies):
        assert list(body) == ["detail", "message", "code", "errors", "trace_id"]
        assert body["detail"] == body["message"]
