//! A plot in characters: Braille dots, or ASCII ones. Lines are told apart by a number at their end and in the
//! legend, so that colour is never needed.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::cli::args::Curves;
use crate::cli::style::{Style, Tone};
use crate::plot::{Axis, Canvas, Extent, Pen, Scale, smooth, ticks, trace};
use crate::text::{fit, number};
use crate::training::best::of_series;
use crate::training::{Mode, Points, Series, XAxis};

/// Cells the labels of the values take, with the axis.
const LABELS: u16 = 11;
/// Width where there is no terminal to ask.
const WIDTH: usize = 80;
/// How lines look in colour.
const TONES: [Tone; 6] = [Tone::Good, Tone::Warn, Tone::Plain, Tone::Bad, Tone::Title, Tone::Dim];

struct Line<'a> {
    name: &'a str,
    series: &'a Series,
    points: Points,
}

/// The number of a line, where it ends.
struct End {
    column: u16,
    row: u16,
    glyph: char,
    line: usize,
}

/// Draws `lines`, which share what their x counts.
pub(super) fn draw(
    lines: &[(String, &Series)],
    options: &Curves,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let lines: Vec<Line<'_>> =
        lines.iter().map(|(name, series)| line(name, series, options.smooth)).collect();
    let width = options.width.map_or(style.width.unwrap_or(WIDTH), usize::from);
    let columns = u16::try_from(width).unwrap_or(400).clamp(LABELS + 10, 400) - LABELS - 1;
    let rows = options.height;
    let Some((x, y)) = axes(&lines, options.log) else {
        return writeln!(out, "  no finite value to draw");
    };
    let mut canvas = Canvas::new(columns, rows, style.ascii);
    // The first line is drawn last, over the others.
    for (at, line) in lines.iter().enumerate().rev() {
        let pen = Pen { line: at as u8, faint: false };
        trace::line(&mut canvas, pen, line.points.traced(), x, y);
    }
    let sub = canvas.dots_per_cell();
    let place = |(at, line)| end(line, at, (x, columns), (y, rows), sub);
    let ends: Vec<End> = lines.iter().enumerate().filter_map(place).collect();
    let labels = ticks::values(&y, usize::from(rows / 3).max(2));
    let (vertical, corner, horizontal) = if style.ascii { ('|', '+', "-") } else { ('│', '└', "─") };
    for row in 0..rows {
        let label = labels.iter().find(|tick| y.cell_from_end(tick.value, rows, sub.1) == Some(row));
        let label = label.map_or("", |tick| tick.label.as_str());
        write!(out, "{label:>0$}{vertical}", usize::from(LABELS - 1))?;
        write_row(&canvas, row, columns, &ends, style, out)?;
    }
    let line = horizontal.repeat(usize::from(columns));
    writeln!(out, "{:>1$}{corner}{line}", "", usize::from(LABELS - 1))?;
    write_x(x, (columns, sub.0), lines.first().map_or(XAxis::Epoch, |l| l.series.x), out)?;
    legend(&lines, style, out)
}

fn line<'a>(name: &'a str, series: &'a Series, weight: f64) -> Line<'a> {
    let smooth = || smooth::ema(&series.points, weight).into();
    Line { name, series, points: if weight > 0.0 { smooth() } else { series.points.clone() } }
}

fn axes(lines: &[Line<'_>], log: bool) -> Option<(Axis, Axis)> {
    let mut extent = Extent::EMPTY;
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    for line in lines {
        extent.merge(&line.points.shape().pyramid.extent(&line.points, 0..line.points.len()));
        first = first.min(line.points.first()?.0);
        last = last.max(line.points.last()?.0);
    }
    if extent.finite == 0 {
        return None;
    }
    let y = if log {
        Axis::around(extent.low_positive, extent.high, Scale::Log)
    } else {
        Axis::around(extent.low, extent.high, Scale::Linear)
    };
    Some((Axis::between(first, last, 0.5), y))
}

/// Where the number of a line stands: at its last finite point.
fn end(
    line: &Line<'_>,
    at: usize,
    (x, columns): (Axis, u16),
    (y, rows): (Axis, u16),
    sub: (u16, u16),
) -> Option<End> {
    let (last_x, last_y) = *line.points.iter().rev().find(|p| p.1.is_finite())?;
    let row = y.cell_from_end(last_y, rows, sub.1)?;
    Some(End { column: x.cell(last_x, columns, sub.0)?, row, glyph: numeral(at), line: at })
}

fn numeral(at: usize) -> char {
    u32::try_from(at + 1).ok().and_then(|n| char::from_digit(n, 36)).unwrap_or('?')
}

fn write_row(
    canvas: &Canvas,
    row: u16,
    columns: u16,
    ends: &[End],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut blank = 0;
    for column in 0..columns {
        // A single line needs no number.
        let end = ends.iter().find(|end| ends.len() > 1 && (end.column, end.row) == (column, row));
        let cell = end.map(|end| (end.glyph, end.line));
        let cell =
            cell.or_else(|| canvas.glyph(column, row).map(|(glyph, pen)| (glyph, usize::from(pen.line))));
        let Some((glyph, line)) = cell else {
            blank += 1;
            continue;
        };
        let tone = TONES.get(line).copied().unwrap_or_default();
        write!(out, "{:blank$}{}", "", style.paint(tone, glyph.encode_utf8(&mut [0; 4])))?;
        blank = 0;
    }
    writeln!(out)
}

/// Labels of x below their places, as many as fit.
fn write_x(x: Axis, (columns, sub): (u16, u16), axis: XAxis, out: &mut dyn Write) -> io::Result<()> {
    let begin = usize::from(LABELS);
    let end = begin + usize::from(columns);
    let mut text = " ".repeat(begin);
    for tick in ticks::counts(&x, usize::from(columns / 12).max(2), true) {
        let Some(cell) = x.cell(tick.value, columns, sub) else { continue };
        let middle = (begin + usize::from(cell)).saturating_sub(tick.label.len() / 2);
        let at = middle.min(end.saturating_sub(tick.label.len())).max(begin);
        if at > text.len() || text.len() == begin {
            text.push_str(&" ".repeat(at.saturating_sub(text.len())));
            text.push_str(&tick.label);
        }
    }
    let name = axis.name();
    if text.len() + 2 + name.len() > end {
        writeln!(out, "{text}")?;
        return writeln!(out, "{:begin$}{name}", "");
    }
    writeln!(out, "{text}  {name}")
}

/// Each line in words: what it is, where it ends, and its best value.
fn legend(lines: &[Line<'_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (at, line) in lines.iter().enumerate() {
        let series = line.series;
        let place = |x: f64| match series.x {
            XAxis::Epoch => format!("epoch {}", number::epoch(x)),
            XAxis::Step => format!("step {x:.0}"),
        };
        let mut text = format!("{} {}:", numeral(at), line.name);
        if let Some((_, last)) = series.points.last() {
            let _ = write!(text, " {}", number::metric(*last));
        }
        if let Some((x, value)) = of_series(series) {
            let way = if series.mode == Mode::Max { "highest" } else { "lowest" };
            let _ = write!(text, ", {way} {} at {}", number::metric(value), place(x));
        }
        let mut broken = series.points.iter().filter(|p| !p.1.is_finite());
        if let Some((x, _)) = broken.next() {
            let _ = write!(text, ", {} not finite from {}", 1 + broken.count(), place(*x));
        }
        let room = style.width.unwrap_or(usize::MAX).saturating_sub(2);
        let text = fit::shorten(&text, room, style.ellipsis()).into_owned();
        writeln!(out, "  {}", style.paint(TONES.get(at).copied().unwrap_or_default(), &text))?;
    }
    Ok(())
}
