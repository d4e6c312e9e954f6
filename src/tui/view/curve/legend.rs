//! The legend: what each line is, its value at the cursor and its best, and what is to be said in words.
//!
//! Above the plot it flows over as many rows as it may take; beside a plot that has the screen to itself it
//! is a column. Each line has its letter there, which the plot has on the line.

use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};

use super::super::put;
use super::geometry::Geometry;
use super::lines::letter;
use super::x_text;
use crate::plot::Scale;
use crate::text::fit::{self, Keep};
use crate::text::number;
use crate::text::shown;
use crate::training::{Mode, Series};
use crate::tui::model::Model;
use crate::tui::model::curve::{Line, nearest};

/// How a piece of text looks.
#[derive(Debug, Clone, Copy)]
enum Look {
    Text,
    Strong,
    Faint,
    Good,
    Error,
    Turn,
    Line(usize),
}

/// Something of the legend that stays on one row: its pieces, fewer of them where room is scarce.
struct Item {
    pieces: Vec<(Look, String)>,
    /// Pieces that can be left out, counted from the end.
    spare: usize,
}

impl Item {
    fn cells(&self, short: bool) -> usize {
        self.kept(short).map(|(_, text)| fit::width(text)).sum()
    }

    fn kept(&self, short: bool) -> impl Iterator<Item = &(Look, String)> {
        self.pieces.iter().take(self.pieces.len() - if short { self.spare } else { 0 })
    }
}

/// Cells between items.
const GAP: usize = 3;

/// Rows the legend takes above a plot.
pub(super) fn rows(model: &Model, width: u16, most: u16) -> u16 {
    (flow(&items(model), width, most).len() as u16).clamp(1, most)
}

/// Draws the legend.
pub(super) fn draw(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    if geometry.is_side {
        return column(model, geometry, buffer);
    }
    let items = items(model);
    let area = geometry.legend;
    let rows = flow(&items, area.width, area.height);
    let is_whole = rows.iter().map(Vec::len).sum::<usize>() == items.len();
    for (row, line) in rows.into_iter().enumerate() {
        let mut x = area.x;
        for (at, short) in line {
            let Some(item) = items.get(at) else { continue };
            x += write(model, item, short, (x, area.y + row as u16), area.right(), buffer) + GAP as u16;
        }
        // There is more to say than fits: the plot on a screen of its own has room for it.
        if !is_whole && row + 1 == usize::from(area.height) {
            put(
                buffer,
                (area.right().saturating_sub(1), area.y + row as u16),
                model.theme.glyphs.cut,
                1,
                model.theme.text(),
            );
        }
    }
}

/// Items row by row, each with whether it is shortened; what does not fit into the rows is left out.
fn flow(items: &[Item], width: u16, most: u16) -> Vec<Vec<(usize, bool)>> {
    let width = usize::from(width);
    let place = |short: bool| {
        let mut rows: Vec<Vec<(usize, bool)>> = Vec::new();
        let mut used = usize::MAX;
        for (at, item) in items.iter().enumerate() {
            let cells = item.cells(short);
            if used.saturating_add(GAP + cells) > width {
                rows.push(Vec::new());
                used = cells;
            } else {
                used += GAP + cells;
            }
            if let Some(row) = rows.last_mut() {
                row.push((at, short));
            }
        }
        rows
    };
    let mut rows = place(false);
    if rows.len() > usize::from(most) {
        rows = place(true);
    }
    rows.truncate(usize::from(most));
    rows
}

fn items(model: &Model) -> Vec<Item> {
    let curve = &model.home.curve;
    let Some(series) = curve.shown() else { return Vec::new() };
    let mut items = Vec::new();
    let place = curve.x.map(|x| format!("{} {}", series.x.name(), x_text(series.x, x)));
    match curve.lines.as_slice() {
        [only] => {
            if let Some(place) = place {
                let mut pieces = vec![(Look::Text, format!("{place}: "))];
                pieces.extend(value(model, only));
                items.push(Item { pieces, spare: 0 });
            }
            items.extend(only_best(model, series, only));
        }
        lines => {
            items.extend(place.map(|place| Item { pieces: vec![(Look::Text, place)], spare: 0 }));
            items.extend(lines.iter().enumerate().map(|(number, line)| one_of_many(model, number, line)));
        }
    }
    items.extend(words(model).into_iter().map(|word| Item {
        spare: usize::from(!word.more.is_empty()),
        pieces: vec![
            (word.look, format!("{} ", word.mark)),
            (Look::Text, word.text),
            (Look::Text, word.more),
        ],
    }));
    items
}

fn only_best(model: &Model, series: &Series, line: &Line) -> Option<Item> {
    let way = match series.mode {
        Mode::Min => "lowest ",
        Mode::Max => "highest ",
        Mode::None => return None,
    };
    let (x, y) = line.data.best()?;
    let at = format!(" at {} {}", series.x.name(), x_text(series.x, x));
    let mark = format!("{} ", model.theme.glyphs.best);
    let text = |text: &str| (Look::Text, text.to_owned());
    // Where room is scarce the way and the place go; both can be seen on the plot.
    Some(Item {
        pieces: vec![(Look::Good, mark), text(way), (Look::Text, number::metric(y)), (Look::Text, at)],
        spare: 1,
    })
}

fn one_of_many(model: &Model, number: usize, line: &Line) -> Item {
    let mut pieces = vec![(Look::Line(number), format!("{} ", letter(number)))];
    pieces.push((Look::Text, format!("{} ", label(model, line))));
    let value = value(model, line);
    let mut spare = 0;
    pieces.extend(value);
    if let Some((_, best)) = line.data.best() {
        pieces.push((Look::Good, format!(" {}", model.theme.glyphs.best)));
        pieces.push((Look::Text, number::metric(best)));
        spare = 2;
    }
    Item { pieces, spare }
}

/// What tells a line from the others: its run, its metric, or both.
fn label(model: &Model, line: &Line) -> String {
    let lines = &model.home.curve.lines;
    let first = lines.first();
    let runs = lines.iter().any(|l| first.is_none_or(|f| f.run != l.run));
    let metrics = lines.iter().any(|l| first.is_none_or(|f| f.metric != l.metric));
    let run = shown(&line.run_name);
    let metric = shown(&line.metric);
    let side = if line.right { " (right)" } else { "" };
    let glyphs = model.theme.glyphs;
    match (runs, metrics) {
        (true, false) => fit::cut(&run, 28, Keep::End, glyphs.cut).into_owned(),
        (true, true) => {
            format!("{} {metric}{side}", fit::cut(&run, 20, Keep::End, glyphs.cut))
        }
        (false, _) => format!("{metric}{side}"),
    }
}

/// The value of a line at the cursor, and its smoothed one.
fn value(model: &Model, line: &Line) -> Vec<(Look, String)> {
    let Some(x) = model.home.curve.x else { return Vec::new() };
    let at = |points: &[(f64, f64)]| nearest(points, x).and_then(|at| points.get(at).copied());
    // A run that had ended, or not begun, has no value here.
    let within = line.data.span().is_some_and(|(low, high)| (low - 0.5..=high + 0.5).contains(&x));
    let Some((_, raw)) = at(line.data.raw().points).filter(|_| within) else {
        return vec![(Look::Faint, "-".to_owned())];
    };
    let look = if raw.is_finite() { Look::Strong } else { Look::Error };
    let mut pieces = vec![(look, number::metric(raw))];
    if let Some((_, smoothed)) = line.data.smoothed().and_then(|s| at(s.points)) {
        pieces.push((Look::Text, format!(" ~{}", number::metric(smoothed))));
    }
    pieces
}

/// A sentence for a mark on the plot.
struct Word {
    look: Look,
    mark: &'static str,
    text: String,
    /// The rest of the sentence, where there is room.
    more: String,
}

/// What the plot shows by marks, said.
fn words(model: &Model) -> Vec<Word> {
    let curve = &model.home.curve;
    let glyphs = model.theme.glyphs;
    let Some(series) = curve.shown() else { return Vec::new() };
    let axis = series.x.name();
    let mut words = Vec::new();
    for (number, line) in curve.lines.iter().enumerate() {
        let Some(broken) = line.data.broken() else { continue };
        let whose = if curve.lines.len() > 1 { format!("{} ", letter(number)) } else { String::new() };
        let text =
            format!("{whose}{} from {axis} {}", number::metric(broken.value), x_text(series.x, broken.first));
        let count = number::grouped(broken.count as u64);
        let more = if broken.count > 1 { format!(", {count} values") } else { String::new() };
        words.push(Word { look: Look::Error, mark: glyphs.broken, text, more });
    }
    if let Some(turn) = curve.turn.as_ref().filter(|turn| turn.x == series.x) {
        let text = format!("overfits from {axis} {}", x_text(turn.x, turn.at));
        let more = format!(": {} rises, {} still falls", shown(&turn.validation), shown(&turn.training));
        words.push(Word { look: Look::Turn, mark: glyphs.turn, text, more });
    }
    words.extend(unseen(model));
    words
}

/// What is not on the plot, and why.
fn unseen(model: &Model) -> Vec<Word> {
    let curve = &model.home.curve;
    let Some(axis) = curve.shown().map(|s| s.x.name()) else { return Vec::new() };
    let mut words = Vec::new();
    let mut say = |text: String, more: String| words.push(Word { look: Look::Turn, mark: "!", text, more });
    if curve.scale == Scale::Log {
        let hidden: usize = curve
            .lines
            .iter()
            .filter_map(|line| line.data.span().map(|(low, high)| line.data.extent(low, high).not_positive))
            .sum();
        if hidden > 0 {
            say(format!("{} at or below 0 not drawn", number::grouped(hidden as u64)), String::new());
        }
    }
    if let Some(name) = curve.no_place.first() {
        let other = if axis == "epoch" { "step" } else { "epoch" };
        say(format!("{} is by {other}", shown(name)), format!(": no checkpoint tells its {axis}"));
    }
    words
}

fn write(model: &Model, item: &Item, short: bool, at: (u16, u16), right: u16, buffer: &mut Buffer) -> u16 {
    let mut x = at.0;
    for (look, text) in item.kept(short) {
        let room = right.saturating_sub(x);
        let text = fit::cut(text, usize::from(room), Keep::Start, model.theme.glyphs.cut);
        x += put(buffer, (x, at.1), &text, room, style(model, *look));
    }
    x - at.0
}

fn style(model: &Model, look: Look) -> Style {
    let theme = model.theme;
    match look {
        Look::Text => theme.text(),
        Look::Strong => theme.strong(),
        Look::Faint => theme.faint(),
        Look::Good => theme.good(),
        Look::Error => theme.error(),
        Look::Turn => theme.warning(),
        Look::Line(number) => theme.line(number).add_modifier(Modifier::BOLD),
    }
}

/// The legend beside the plot: each line with its value, its best below it.
fn column(model: &Model, geometry: &Geometry, buffer: &mut Buffer) {
    let area = geometry.legend;
    let curve = &model.home.curve;
    let Some(series) = curve.shown() else { return };
    let theme = model.theme;
    let mut y = area.y;
    let mut row = |pieces: Vec<(Look, String)>, indent: u16, buffer: &mut Buffer| {
        if y < area.bottom() {
            let item = Item { pieces, spare: 0 };
            write(model, &item, false, (area.x + indent, y), area.right(), buffer);
        }
        y += 1;
    };
    if let Some(x) = curve.x {
        row(vec![(Look::Strong, format!("{} {}", series.x.name(), x_text(series.x, x)))], 0, buffer);
        row(Vec::new(), 0, buffer);
    }
    let several = curve.lines.len() > 1;
    for (number, line) in curve.lines.iter().enumerate() {
        let mut pieces = Vec::new();
        if several {
            pieces.push((Look::Line(number), format!("{} ", letter(number))));
        }
        let name = if several { label(model, line) } else { shown(&line.metric).into_owned() };
        let value = value(model, line);
        let taken: usize = value.iter().map(|(_, text)| fit::width(text)).sum::<usize>() + 4;
        let room = usize::from(area.width).saturating_sub(taken);
        let name = fit::cut(&name, room, Keep::End, theme.glyphs.cut);
        let pad = room.saturating_sub(fit::width(&name)) + if several { 1 } else { 3 };
        pieces.push((Look::Text, format!("{name}{:pad$}", "")));
        pieces.extend(value);
        row(pieces, 0, buffer);
        if let Some((x, y)) = line.data.best() {
            let way = if line.data.series().mode == Mode::Max { "highest" } else { "lowest" };
            let at = x_text(series.x, x);
            let text = format!("{way} {} at {at}", number::metric(y));
            row(vec![(Look::Good, format!("{} ", theme.glyphs.best)), (Look::Text, text)], 2, buffer);
        }
    }
    row(Vec::new(), 0, buffer);
    for word in words(model) {
        let text = word.text + &word.more;
        let lines = fit::wrap(&text, usize::from(area.width.saturating_sub(2)).max(1));
        for (number, line) in lines.into_iter().enumerate() {
            let mark = if number == 0 { format!("{} ", word.mark) } else { "  ".to_owned() };
            row(vec![(word.look, mark), (Look::Text, line.to_owned())], 0, buffer);
        }
    }
}
