#!/bin/sh
# Builds the manual into build/site, warnings as errors, in an environment of its own (.venv-docs). A stamp makes the second run's set-up instant.
set -eu
cd "$(dirname "$0")/.."
fail() { printf 'docs: %s\n' "$1" >&2; exit 1; }

stamp="$(cksum < requirements/docs.txt | tr ' ' '-') $(pwd -P)"
if [ ! -x .venv-docs/bin/python ] || [ "$(cat .venv-docs/stamp 2>/dev/null)" != "$stamp" ]; then
    printf 'docs: installing the generator into .venv-docs\n' >&2
    rm -rf .venv-docs
    .venv/bin/python -m venv .venv-docs >/dev/null 2>&1 || fail "no virtual environment could be made"
    .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt ||
        fail "the locked requirements could not be installed (see above)"
    printf '%s\n' "$stamp" > .venv-docs/stamp
fi

rm -rf build/site
.venv-docs/bin/python -m sphinx -b html -W --keep-going -q -d build/doctrees docs build/site || fail "the site has warnings (see above)"
# No page may load anything from elsewhere: a link (<a href>) may lead out, a script, style, image or frame may not.
if grep -rnoE '<(script|link|img|iframe|source)[^>]+(src|href)="(https?:)?//[^"]*"' build/site --include='*.html' |
    grep -v 'rel="canonical"'; then
    fail "these load something from elsewhere"
fi
if grep -rnoE '(@import|url\()[^;)]*(https?:)?//[^;)]*' build/site/_static --include='*.css'; then
    fail "a style sheet loads something from elsewhere"
fi
printf 'docs: build/site/index.html\n'
