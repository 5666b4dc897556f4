# One image for release, web, worker and scheduler: the command says which (compose.yaml).

FROM python:3.11.14-slim-bookworm AS packages
WORKDIR /build
COPY requirements.txt ./
# Wheels alone: nothing is compiled, so no compiler is needed here or below.
RUN python -m venv /packages \
    && /packages/bin/pip install --no-cache-dir --only-binary :all: -r requirements.txt

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin relay
COPY --from=packages /packages /packages
WORKDIR /relay
COPY Procfile ./
COPY config config
COPY relay relay
COPY workers workers
ENV PATH=/packages/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
# Of the web server; compose.yaml switches it off for the processes that do not listen.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-m", "config.serving.healthcheck"]
CMD ["gunicorn", "--config", "config/server.py", "relay.app:create_app()"]
