# iu-cutter for a server: workers of both lanes, the review page, the administrator's commands. See docs/operations/containers.md.
# PYTHON names the base image; no registry is named here, so that yours can stand before it: --build-arg PYTHON=…/python:3.13-slim
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /source
COPY requirements/build.txt requirements/build.txt
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY . .
RUN python -m hatchling build -t wheel -d /dist

FROM ${PYTHON}
# 10001: no user of any host, and not root. Its home is the data folder's place: accounts of the review page, nothing else.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/iu-cutter --shell /usr/sbin/nologin cutter
COPY requirements/server.txt /tmp/server.txt
RUN python -m pip install --no-cache-dir --require-hashes -r /tmp/server.txt && rm /tmp/server.txt
COPY --from=build /dist /tmp/dist
RUN python -m pip install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl && rm -r /tmp/dist && python -m pip check
COPY deploy/with-secrets /usr/local/bin/with-secrets
USER cutter
WORKDIR /var/lib/iu-cutter
ENV PYTHONUNBUFFERED=1 DOT_CUTTER_LOG=json
ENTRYPOINT ["with-secrets"]
CMD ["iu-cutter", "--help"]
