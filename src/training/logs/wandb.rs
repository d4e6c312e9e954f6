//! The binary log of a Weights & Biases run, `run-<id>.wandb`: what offline runs leave, and nothing else of them.
//!
//! A header of seven bytes, then blocks of 32 KiB as `LevelDB` writes its log: pieces with a checksum, a length and a
//! kind (whole, first, middle, last), put together to `Record` messages of `wandb_internal.proto`. Of these the
//! history, the summary and the configuration are kept; values are JSON text. The last piece is cut while training
//! runs, so the reading ends there without a word.

use serde_json::Value;

use super::events_proto::{Field, Fields, first};
use super::rows::{Epochs, Place, Rows, is_bookkeeping};
use super::{LONGEST, Log, json, settings};
use crate::source::ReadAt;
use crate::training::metric;

/// Bytes of a block.
const BLOCK: usize = 32 << 10;
/// Bytes before the first piece, and before the data of each.
const HEADER: usize = 7;
/// Records longer than this are pictures and tables, and passed over.
const RECORD: usize = 4 << 20;

/// Everything a log holds.
pub(super) fn of_source(source: &dyn ReadAt) -> Log {
    let mut run = Run::default();
    let mut log = Log::default();
    let end = source.len().min(LONGEST * 4);
    let mut pieces = Pieces::default();
    let mut start = 0;
    while start < end {
        let len = usize::try_from(end - start).unwrap_or(BLOCK).min(BLOCK);
        let Ok(block) = source.read_vec(start, len as u64) else { break };
        let from = if start == 0 { HEADER } else { 0 };
        if let Err(at) = pieces.block(&block, from, &mut |record| run.record(record, &mut log)) {
            let at = start + at as u64;
            log.problem =
                Some(format!("the record at byte {at} has a wrong checksum; what is before it is shown"));
            break;
        }
        start += len as u64;
    }
    run.finish(&mut log);
    log
}

/// A record that is being put together.
#[derive(Default)]
struct Pieces {
    held: Vec<u8>,
    too_long: bool,
}

impl Pieces {
    /// Takes the pieces of a block; the offset of one whose checksum is wrong.
    fn block(&mut self, block: &[u8], mut at: usize, each: &mut impl FnMut(&[u8])) -> Result<(), usize> {
        while let Some((head, rest)) = block.get(at..).and_then(|b| b.split_at_checked(HEADER)) {
            let [a, b, c, d, low, high, kind] = *head else { return Ok(()) };
            let len = usize::from(u16::from_le_bytes([low, high]));
            // A block ends in zeros where no piece fits; a cut piece is the end of a file that is written to.
            let Some(data) = rest.get(..len).filter(|_| kind != 0) else { return Ok(()) };
            let mut crc = crc32fast::Hasher::new();
            crc.update(&[kind]);
            crc.update(data);
            if crc.finalize() != u32::from_le_bytes([a, b, c, d]) {
                return Err(at);
            }
            at += HEADER + len;
            match kind {
                1 => each(data),
                2 => (self.held, self.too_long) = (data.to_vec(), false),
                _ if self.held.len() + len > RECORD => self.too_long = true,
                3 => self.held.extend_from_slice(data),
                _ => {
                    self.held.extend_from_slice(data);
                    let record = std::mem::take(&mut self.held);
                    if !self.too_long {
                        each(&record);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What records say, together.
struct Run {
    rows: Rows,
    summary: Vec<(String, f64)>,
}

impl Default for Run {
    fn default() -> Self {
        Self { rows: Rows::by_step(), summary: Vec::new() }
    }
}

impl Run {
    fn record(&mut self, record: &[u8], log: &mut Log) {
        for (kind, field) in Fields(record) {
            let Field::Bytes(message) = field else { continue };
            match kind {
                2 => self.history(message),
                3 => self.summary(message),
                5 => configuration(message, log),
                17 => {
                    if let Some(config) = first(message, 4).and_then(Field::bytes) {
                        configuration(config, log);
                    }
                }
                _ => {}
            }
        }
    }

    fn history(&mut self, message: &[u8]) {
        let mut place = Place::default();
        let mut values = Vec::new();
        for (kind, field) in Fields(message) {
            let Field::Bytes(inner) = field else { continue };
            if kind == 2 {
                let number = first(inner, 1).and_then(Field::double);
                place.step = Some(number.unwrap_or(0.0));
                continue;
            }
            let item = Item::of(inner).filter(|_| kind == 1);
            let Some((name, value)) = item.and_then(|item| Some((item.name(), item.number()?))) else {
                continue;
            };
            match name.as_str() {
                "_step" => place.step = place.step.or(Some(value)),
                "epoch" => place.epoch = Some(value),
                name if name.starts_with('_') => {}
                _ => values.push((name, value)),
            }
        }
        for (name, value) in values.into_iter().filter(|(name, _)| !is_bookkeeping(name)) {
            self.rows.push(&name, place, value);
        }
    }

    fn summary(&mut self, message: &[u8]) {
        for item in items(message) {
            let name = item.name();
            let Some(value) = item.number().filter(|_| metric::is_metric(&name) && !is_bookkeeping(&name))
            else {
                continue;
            };
            if let Some(held) = self.summary.iter_mut().find(|(known, _)| *known == name) {
                held.1 = value;
            } else if self.summary.len() < super::SERIES {
                self.summary.push((name, value));
            }
        }
    }

    fn finish(self, log: &mut Log) {
        self.rows.finish(Epochs::Unsaid, log);
        let curve = |name: &str| log.series.iter().any(|series| series.name == name);
        let lone: Vec<_> = self.summary.into_iter().filter(|(name, _)| !curve(name)).collect();
        log.finals.extend(lone);
    }
}

/// Settings as they were given to `wandb.init`.
fn configuration(message: &[u8], log: &mut Log) {
    for item in items(message) {
        let name = item.name().replace('/', ".");
        if let Some(value) = item.value.filter(|_| !name.starts_with("_wandb")) {
            settings::nested(&name, &value, log);
        }
    }
}

/// The entries of a history, a summary or a configuration, of which the first field is one.
fn items(message: &[u8]) -> impl Iterator<Item = Item> {
    Fields(message).filter_map(|(kind, field)| Item::of(field.bytes().filter(|_| kind == 1)?))
}

/// A name and a value.
struct Item {
    path: Vec<String>,
    value: Option<Value>,
}

impl Item {
    fn of(message: &[u8]) -> Option<Self> {
        let mut item = Self { path: Vec::new(), value: None };
        for (kind, field) in Fields(message) {
            match (kind, field) {
                (1 | 2, field) => item.path.extend(field.text().filter(|t| !t.is_empty()).map(str::to_owned)),
                // Numbers of their own in versions to come, JSON text so far.
                (5, Field::Varint(n)) => item.value = Some(n.cast_signed().into()),
                (6, field @ Field::Fixed64(_)) => item.value = field.double().map(Value::from),
                (16, field) => item.value = field.bytes().and_then(|text| json::parse(text).ok()),
                _ => {}
            }
        }
        (!item.path.is_empty()).then_some(item)
    }

    fn name(&self) -> String {
        self.path.join("/")
    }

    fn number(&self) -> Option<f64> {
        json::number(self.value.as_ref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, bytes.len() as u8];
        out.extend(bytes);
        out
    }

    fn history(step: u8, items: &[(&str, &str)]) -> Vec<u8> {
        let mut message = Vec::new();
        for (name, value) in items {
            let mut item = field(2, name.as_bytes());
            // Field 16 takes two bytes of key.
            item.extend([0x82, 0x01, value.len() as u8]);
            item.extend(value.as_bytes());
            message.extend(field(1, &item));
        }
        message.extend(field(2, &[0x08, step]));
        field(2, &message)
    }

    /// A file of records, the first of them in three pieces.
    fn file(records: &[Vec<u8>]) -> Vec<u8> {
        let mut out = b":W&B\xe1\xbe\x00".to_vec();
        let mut piece = |kind: u8, data: &[u8]| {
            let mut crc = crc32fast::Hasher::new();
            crc.update(&[kind]);
            crc.update(data);
            out.extend(crc.finalize().to_le_bytes());
            out.extend((data.len() as u16).to_le_bytes());
            out.push(kind);
            out.extend(data);
        };
        for (at, record) in records.iter().enumerate() {
            if at == 0 {
                piece(2, &record[..3]);
                piece(3, &record[3..7]);
                piece(4, &record[7..]);
            } else {
                piece(1, record);
            }
        }
        out
    }

    #[test]
    fn records_in_pieces_are_put_together_and_a_cut_end_is_quiet() {
        let records =
            [history(1, &[("loss", "0.5"), ("epoch", "0")]), history(2, &[("loss", "NaN"), ("epoch", "1")])];
        let whole = file(&records);
        let log = of_source(&whole);
        let points = log.series[0].points.as_slice();
        assert!(points[0] == (1.0, 0.5) && points[1].1.is_nan(), "{points:?}");
        assert_eq!((log.places, log.problem), (vec![(1, 1.0), (2, 2.0)], None));
        for cut in 0..whole.len() {
            let log = of_source(&whole[..cut].to_vec());
            assert_eq!(log.problem, None, "{cut}");
            assert!(log.series.iter().all(|s| s.points.len() == 1), "{cut}");
        }
        let mut wrong = whole.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert!(of_source(&wrong).problem.is_some_and(|p| p.contains("checksum")));
    }
}
