"""SecantusDB as the tests start it: a program of its own, not a module that they import.

It keeps its data in pages, and a page of more than five megabytes (WiredTiger's `memory_page_max`) is to be written out by whoever
touches it next. In memory that cannot be while another has a cursor on it, and under load somebody always has: then each of its
commands sleeps a tenth of a second under its one lock, and callers wait minutes for what takes milliseconds. So its pages may be
larger here than the tests make them.
https://source.wiredtiger.com/develop/struct_w_t___s_e_s_s_i_o_n.html (WT_SESSION::create, memory_page_max)
"""

import sys
from typing import Any

import wiredtiger
from secantus.cli import main

LARGE_PAGES = "memory_page_max=4GB"

_create = wiredtiger.Session.create


def _create_with_large_pages(session: Any, name: str, config: str = "") -> Any:
    return _create(session, name, f"{config},{LARGE_PAGES}" if name.startswith("table:") else config)


if __name__ == "__main__":
    wiredtiger.Session.create = _create_with_large_pages
    sys.exit(main())
