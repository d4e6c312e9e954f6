//! `show` as text: what a person wants to know about a file, from the general to the particular.

mod parts;

use std::io::{self, Write};

use super::place::size;
use super::tree::{self, TreeWriter};
use crate::checkpoint::{Checkpoint, Kind, ModuleInfo, Section, SectionRole, Severity, TensorEntry};
use crate::cli::style::{Style, Tone};
use crate::cli::table::{self, Cell, Column};
use crate::export::snippet;
use crate::sorting::Sort as _;
use crate::tensor::{Layout, TensorRole};
use crate::text::{fit, natural, number, shown, shown_path};
use crate::training::{TrainingInfo, siblings};
use crate::value::{Value, view};

/// Writes the whole description.
pub(super) fn write(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    header(checkpoint, style, out)?;
    sections(checkpoint, style, out)?;
    parts::write(checkpoint, style, out)?;
    tensors(checkpoint, style, out)?;
    modules(checkpoint, style, out)?;
    metadata(checkpoint, style, out)?;
    load(checkpoint, style, out)?;
    diagnostics(checkpoint, style, out)
}

/// An empty line and a heading.
fn title(out: &mut dyn Write, style: &Style, text: &str) -> io::Result<()> {
    writeln!(out, "\n{}", style.paint(Tone::Title, text))
}

/// A line of prose, broken at the edge of the terminal.
fn item(out: &mut dyn Write, style: &Style, mark: &str, text: &str) -> io::Result<()> {
    let width = style.width.map_or(usize::MAX, |width| width.min(100)) - mark.len();
    let mut lines = fit::wrap_words(text, width).into_iter();
    writeln!(out, "{mark}{}", lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| writeln!(out, "{:1$}{line}", "", mark.len()))
}

fn header(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", style.paint(Tone::Title, &shown_path(checkpoint.path())))?;
    let mut facts = vec![
        kind(checkpoint.kind()).to_owned(),
        checkpoint.format().name().to_owned(),
        number::bytes(checkpoint.bytes()),
        tree::tensors(checkpoint.tensors().len()),
    ];
    if checkpoint.parameters() > 0 {
        facts.push(format!("{} parameters", number::count(checkpoint.parameters())));
    }
    writeln!(out, "{}", facts.join(style.dot()))?;
    match progress(&siblings::info(checkpoint), style) {
        facts if facts.is_empty() => Ok(()),
        facts => item(out, style, "", &facts.join(style.dot())),
    }
}

/// How far training had come, and how well it went.
fn progress(training: &TrainingInfo, style: &Style) -> Vec<String> {
    const METRICS: usize = 6;
    let mut facts: Vec<String> = training.framework.iter().map(|name| format!("by {name}")).collect();
    let progress = &training.progress;
    if let Some(epoch) = progress.epoch {
        let rule = match progress.epoch_rule {
            _ if progress.from_name => " (from the file's name)".to_owned(),
            Some(rule) if style.verbose => format!(" ({rule})"),
            _ => String::new(),
        };
        facts.push(format!("epoch {}{rule}", number::epoch(epoch)));
    }
    facts.extend(progress.step.map(|step| format!("step {}", number::grouped(step))));
    let most = if style.verbose { usize::MAX } else { METRICS };
    let metrics = training.metrics.iter().take(most);
    facts.extend(metrics.map(|(name, value)| format!("{} {}", shown(name), number::metric(*value))));
    facts
}

/// What was saved, in words.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::StateDict => "state dict",
        Kind::Training => "training checkpoint",
        Kind::WholeModel => "whole model",
        Kind::TorchScript => "TorchScript program",
        Kind::Optimizer => "optimizer state",
        Kind::Adapter => "adapter weights",
        Kind::Other => "other content",
    }
}

fn sections(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let all = checkpoint.sections();
    if all.len() < 2 {
        return Ok(());
    }
    title(out, style, "Sections")?;
    let columns = [
        Column::elastic("NAME"),
        Column::left("ROLE"),
        Column::right("TENSORS"),
        Column::right("PARAMETERS"),
    ];
    table::write(out, style, &columns, all.len(), &|at| {
        let Some(section) = all.get(at) else { return Vec::new() };
        let parameters =
            if section.parameters > 0 { number::grouped(section.parameters) } else { String::new() };
        vec![
            section_name(section).into(),
            section.role.name().into(),
            number::grouped(section.tensors as u64).into(),
            parameters.into(),
        ]
    })
}

fn section_name(section: &Section) -> String {
    if section.name.is_empty() { "(root)".to_owned() } else { shown(&section.name).into_owned() }
}

/// A table for each section that holds tensors, in natural order of names.
fn tensors(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (at, section) in checkpoint.sections().iter().enumerate() {
        let here = checkpoint.tensors().iter().filter(|e| e.section as usize == at);
        let mut entries: Vec<&TensorEntry> = here.collect();
        if entries.is_empty() {
            continue;
        }
        entries.in_order(|a, b| natural::compare(a.key(), b.key()));
        let heading = match (checkpoint.sections().len(), section.name.as_str()) {
            (1, "") => "Tensors".to_owned(),
            (_, "") => format!("Tensors at the root ({})", section.role.name()),
            (_, name) => format!("Tensors of {} ({})", shown(name), section.role.name()),
        };
        title(out, style, &heading)?;
        let weights = matches!(section.role, SectionRole::Model | SectionRole::Ema);
        let columns = [
            Column::elastic("NAME"),
            Column::left("DTYPE"),
            Column::left("SHAPE"),
            Column::right(if weights { "PARAMETERS" } else { "ELEMENTS" }),
            Column::right("BYTES"),
            Column::elastic("SHARED WITH"),
        ];
        table::write(out, style, &columns, entries.len(), &|at| {
            entries.get(at).map(|entry| tensor_row(checkpoint, entry, weights)).unwrap_or_default()
        })?;
    }
    Ok(())
}

fn tensor_row(checkpoint: &Checkpoint, entry: &TensorEntry, weights: bool) -> Vec<Cell> {
    let meta = checkpoint.meta(entry);
    let name = if entry.key().is_empty() { "(itself)".into() } else { shown(entry.key()) };
    let shape = match meta.layout {
        Layout::Strided => number::shape(meta.shape()),
        Layout::Lazy => "not known yet".to_owned(),
        layout => format!("{} {}", number::shape(meta.shape()), layout.name()),
    };
    let elements = match entry.role {
        TensorRole::Buffer if weights => Cell::toned("buffer", Tone::Dim),
        _ => number::grouped(meta.numel()).into(),
    };
    let mut others = checkpoint.shared_with(entry);
    let shared = others.next().map(|first| {
        let more = others.count();
        let more = if more > 0 { format!(" (+{more})") } else { String::new() };
        let name = if first.section == entry.section { first.key() } else { &first.path };
        format!("{}{more}", shown(name))
    });
    vec![
        name.into_owned().into(),
        meta.dtype.name().into(),
        shape.into(),
        elements,
        number::bytes(size(checkpoint, meta)).into(),
        shared.unwrap_or_default().into(),
    ]
}

fn modules(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let all = checkpoint.modules();
    if all.is_empty() {
        return Ok(());
    }
    title(out, style, "Modules")?;
    let columns = [
        Column::elastic("NAME"),
        Column::elastic("CLASS"),
        Column::left("MODE"),
        Column::remark("ATTRIBUTES"),
    ];
    table::write(out, style, &columns, all.len(), &|at| {
        all.get(at).map(|module| module_row(checkpoint, module, style)).unwrap_or_default()
    })
}

fn module_row(checkpoint: &Checkpoint, module: &ModuleInfo, style: &Style) -> Vec<Cell> {
    let name = if module.path.is_empty() { "(root)".into() } else { shown(&module.path) };
    // Torch's own classes are known by their last name.
    let class = match module.class.rsplit_once('.') {
        Some((package, class)) if package.trim_start_matches("__torch__.").starts_with("torch.nn.") => class,
        _ => &module.class,
    };
    let mode = match module.training {
        Some(true) => Cell::toned("train", Tone::Warn),
        Some(false) => "eval".into(),
        None => Cell::default(),
    };
    let writer = TreeWriter::new(checkpoint, style);
    // Its tensors are in the tables above.
    let all = module.attributes.iter().filter(|(_, value)| !matches!(value, Value::Tensor(_)));
    let plain = all.filter_map(|(name, value)| Some((name, writer.short(*value)?)));
    let most = if style.verbose { usize::MAX } else { 4 };
    let attributes: Vec<String> =
        plain.take(most).map(|(name, text)| format!("{} {text}", shown(name))).collect();
    vec![name.into_owned().into(), shown(class).into_owned().into(), mode, attributes.join(", ").into()]
}

fn metadata(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let root = checkpoint.tree().root();
    let whole = checkpoint.sections().iter().any(|s| s.name.is_empty() && s.is_module);
    let values = checkpoint.container_metadata().into_iter().chain((!whole).then_some(root));
    let mut text = Vec::new();
    for value in values {
        if view::child_count(checkpoint.tree(), value) > 0 {
            TreeWriter::new(checkpoint, style).write(&mut text, value)?;
        }
    }
    if text.is_empty() {
        return Ok(());
    }
    title(out, style, "Metadata")?;
    out.write_all(&text)
}

fn load(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let load = snippet::of(checkpoint);
    title(out, style, "How to load it")?;
    write!(out, "{}", load.snippet)?;
    if !load.needs.is_empty() || !load.notes.is_empty() {
        writeln!(out)?;
    }
    if !load.needs.is_empty() {
        let names: Vec<_> = load.needs.iter().map(|name| shown(name)).collect();
        item(out, style, "", &format!("Needs: {}", names.join(", ")))?;
    }
    for note in &load.notes {
        item(out, style, "- ", note)?;
    }
    if style.verbose && !checkpoint.globals().is_empty() {
        title(out, style, "Globals its pickles name")?;
        let columns = [Column::left("VERDICT"), Column::remark("NAME")];
        let all = checkpoint.globals();
        table::write(out, style, &columns, all.len(), &|at| {
            let global = all.get(at);
            global
                .map(|g| vec![g.verdict.name().into(), shown(&g.name).into_owned().into()])
                .unwrap_or_default()
        })?;
    }
    Ok(())
}

fn diagnostics(checkpoint: &Checkpoint, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let all = checkpoint.diagnostics();
    if all.is_empty() {
        return Ok(());
    }
    title(out, style, "Diagnostics")?;
    for diagnostic in all {
        let tone = match diagnostic.severity {
            Severity::Info => Tone::Plain,
            Severity::Warning => Tone::Warn,
            Severity::Dangerous | Severity::Broken => Tone::Bad,
        };
        let severity = style.paint(tone, diagnostic.severity.name());
        writeln!(out, "  {severity}: {} ({})", diagnostic.message, diagnostic.code)?;
    }
    Ok(())
}
