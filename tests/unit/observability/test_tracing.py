from feuilleton.observability.tracing import child_of, new_traceparent, trace_id


def test_a_child_keeps_its_trace_and_has_a_span_of_its_own() -> None:
    parent = new_traceparent()
    child = child_of(parent)
    assert trace_id(child) == trace_id(parent)
    assert child != parent


def test_a_foreign_text_starts_a_new_trace() -> None:
    for text in ("", "x" * 500, "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "00-zz-11-01"):
        assert len(trace_id(child_of(text))) == 32
        assert trace_id(child_of(text)) != "0" * 32
