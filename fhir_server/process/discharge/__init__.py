"""The discharge: what happens in a case, where that leaves it, and which clocks run (lag (2017:612))."""
