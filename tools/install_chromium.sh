#!/bin/sh
# Debian's Chromium, in which tests/apps has a SMART app sign in. Root on a machine with apt gets it; everybody else goes without,
# those tests are skipped and the run's closing lines say so. Whatever happens here fails nothing.
[ -x /usr/bin/chromium ] && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || exit 0
export DEBIAN_FRONTEND=noninteractive

fetch() { timeout 300 apt-get install -y --no-install-recommends chromium > /dev/null 2>&1; }

fetch || { timeout 120 apt-get update > /dev/null 2>&1 && fetch; }
[ -x /usr/bin/chromium ] || echo "Chromium could not be installed: no SMART app will be tried in a browser." >&2
exit 0
