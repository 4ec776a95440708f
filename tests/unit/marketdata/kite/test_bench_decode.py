from __future__ import annotations

from marketdata.kite.bench_decode import decode_figures, made_frame, print_decode
from marketdata.kite.frames import split


def test_each_size_is_measured_beside_the_official_client():
    figures = decode_figures((1, 20))

    assert [figure.packets for figure in figures] == [1, 20, 20, 20]
    for figure in figures:
        assert figure.times == figure.board / figure.official
        assert 0 < figure.ticks < figure.board


def test_a_made_frame_holds_the_packets_it_says():
    frame, tokens = made_frame(20, 2)

    packets = split(frame)

    assert {length: len(rows) for length, rows in packets.items()} == {32: 2, 184: 18}
    assert sorted(packets[32]["token"].tolist()) == sorted(tokens[:2].tolist())


def test_a_line_is_written_for_each_figure():
    lines = []

    print_decode(lines.append, sizes=(1,))

    assert len(lines) == 4
    assert "official" in lines[0]
