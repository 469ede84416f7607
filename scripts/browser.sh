#!/bin/sh
# A browser for tests/browser, where there is none and Debian's packages may be installed. Never fails: without a browser
# those tests skip and say so. BROWSER_TIMEOUT_S bounds each of the two steps (default 240).
set -u
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        echo "browser: $(command -v "$name")"
        exit 0
    fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "browser: no Chromium here, and it cannot be installed (not root, or no apt-get); the browser tests skip"
    exit 0
fi
limit="timeout ${BROWSER_TIMEOUT_S:-240}"
export DEBIAN_FRONTEND=noninteractive
if $limit apt-get update -qq >/dev/null 2>&1 && $limit apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; then
    echo "browser: $(command -v chromium || echo 'installed, and not found')"
else
    echo "browser: Debian's chromium could not be installed; the browser tests skip"
fi
exit 0
