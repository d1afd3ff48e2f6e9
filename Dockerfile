# One image for web, worker and beat. Python 3.11 is what the tests run on.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.txt

FROM python:3.11-slim-bookworm AS static
COPY --from=packages /venv /venv
COPY . /app
WORKDIR /app
RUN ATS_DATA_DIR=/tmp/build /venv/bin/python manage.py collectstatic --noinput -v0

FROM python:3.11-slim-bookworm AS web
RUN groupadd --gid 10001 ats \
    && useradd --uid 10001 --gid ats --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ats \
    && install -d -o ats -g ats /data /scratch
COPY --from=packages /venv /venv
COPY --from=static /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TMPDIR=/scratch ATS_DATA_DIR=/data
WORKDIR /app
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "ats.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "ats.web_server.Threads", \
     "--threads", "16", "--max-requests", "20000", "--max-requests-jitter", "2000", "--graceful-timeout", "30", "--preload", \
     "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]

# The worker also looks into videos; ffmpeg is large and the web needs none of it.
FROM web AS worker
USER 0:0
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
CMD ["celery", "-A", "ats", "worker", "--queues", "sweeps,ats,ocr", "--without-gossip", "--without-mingle"]
