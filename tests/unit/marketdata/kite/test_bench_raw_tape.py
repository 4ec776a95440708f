from __future__ import annotations

from marketdata.kite.bench_raw_tape import Load, codec_figures, disk_figures


def test_the_disk_of_a_day_is_told_with_the_time_it_takes():
    figures = {figure.name: figure for figure in disk_figures(Load("few", 20, 1.0), seconds=2)}

    assert [figure.unit for figure in figures.values()] == ["GB", "GB", "us", "us", "us", "s"]
    assert all(figure.value > 0 for figure in figures.values())
    assert figures["few: frames a day"].value > figures["few: raw tape a day"].value


def test_each_codec_is_told_by_size_and_speed():
    figures = codec_figures(Load("few", 20, 1.0), seconds=2, block_bytes=4_000)

    assert [figure.unit for figure in figures] == ["x", "MB/s"] * 6
    assert "zstd 3" in figures[6].name
