# syntax=docker/dockerfile:1
# Two images: `run` (the last stage, so the default) ships the product; `test` holds the tests and what they need, too.
# Everything comes from requirements.lock, hash by hash, once; what is installed afterwards is installed from those files alone.
# All paths are relative to one folder: tests/deploy carries these lines out, as they stand, on a machine without Docker.

FROM python:3.11-slim-bookworm AS base
WORKDIR /srv/waooaw
ENV PATH=/srv/waooaw/venv/bin:$PATH \
    PYTHONUNBUFFERED=1

FROM base AS wheels
COPY requirements.lock ./
RUN pip download --no-cache-dir --no-deps --only-binary :all: --require-hashes --requirement requirements.lock --dest wheels
COPY pyproject.toml README.md LICENSE ./
COPY src src
# hadolint ignore=DL3013
RUN python -m venv builder \
 && builder/bin/pip install --no-cache-dir --no-index --find-links wheels hatchling \
 && builder/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir wheels .

FROM wheels AS installed
# hadolint ignore=DL3013
RUN python -m venv venv \
 && venv/bin/pip install --no-cache-dir --no-index --find-links wheels "waooaw-social[media,traces]" \
 && mkdir var

FROM installed AS installed-for-tests
RUN venv/bin/pip install --no-cache-dir --no-index --no-deps --find-links wheels --requirement requirements.lock

FROM base AS test
COPY --from=installed-for-tests /srv/waooaw/venv venv
COPY --from=installed-for-tests --chown=10001:10001 /srv/waooaw/var var
COPY . .
ENV WAOOAW_VAR=/srv/waooaw/var \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000 8001
CMD ["waooaw-social", "serve", "--host", "0.0.0.0"]

FROM base AS run
COPY --from=installed /srv/waooaw/venv venv
COPY --from=installed --chown=10001:10001 /srv/waooaw/var var
ENV WAOOAW_VAR=/srv/waooaw/var \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000 8001
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "from urllib.request import urlopen; [urlopen(f'http://127.0.0.1:{port}/healthz', timeout=4) for port in (8000, 8001)]"]
CMD ["waooaw-social", "serve", "--host", "0.0.0.0"]
