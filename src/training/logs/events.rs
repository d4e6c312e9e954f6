//! TensorBoard event files: `TFRecord`s of `Event` messages, of which the scalars are kept.
//!
//! The file is read in blocks; images and histograms are passed over by their lengths. The last record is cut
//! while training runs, so the reading ends there without a word; a record whose checksum is wrong ends it with one.

use rustc_hash::FxHashMap;

use super::events_proto::{Field, Fields, first};
use super::{LONGEST, Log, SERIES, VALUES};
use crate::source::ReadAt;
use crate::training::{Series, XAxis, metric};

/// Bytes read at once.
const BLOCK: usize = 1 << 20;
/// Records longer than this hold no scalars worth keeping, and are passed over.
const SCALARS: u64 = 4 << 20;
/// Bytes around a record: its length with a checksum before it, a checksum behind.
const FRAME: u64 = 12;
const TAIL: u64 = 4;

/// Scalars of a whole event file.
pub(super) fn of_source(source: &dyn ReadAt) -> Log {
    let mut log = Log::default();
    let mut events = Events::default();
    let mut blocks = Blocks { source, block: Vec::new(), start: 0 };
    let mut at = 0;
    let end = source.len().min(LONGEST * 4);
    while at + FRAME <= end {
        let Some(frame) = blocks.get(at, FRAME) else { break };
        let Some(len) = length(frame) else {
            log.problem =
                Some(format!("the record at byte {at} has a wrong checksum; what is before it is shown"));
            break;
        };
        // A cut last record is the normal state of a file that is written to.
        if len > end - at - FRAME || len + TAIL > end - at - FRAME {
            break;
        }
        if len <= SCALARS {
            let Some(record) = blocks.get(at + FRAME, len + TAIL) else { break };
            let (data, tail) = record.split_at(record.len() - TAIL as usize);
            if masked(data).to_le_bytes() != tail {
                log.problem =
                    Some(format!("the record at byte {at} has a wrong checksum; what is before it is shown"));
                break;
            }
            events.take(data, &mut log);
        }
        at += FRAME + len + TAIL;
    }
    events.finish(&mut log);
    log
}

/// The length of a record, if its checksum is right.
fn length(frame: &[u8]) -> Option<u64> {
    let (len, crc) = frame.split_at_checked(8)?;
    (masked(len).to_le_bytes() == crc).then(|| len.try_into().ok().map(u64::from_le_bytes)).flatten()
}

/// TensorFlow's masked CRC-32C.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A window of the source that moves forward.
struct Blocks<'a> {
    source: &'a dyn ReadAt,
    block: Vec<u8>,
    start: u64,
}

impl Blocks<'_> {
    /// `len` bytes at `at`, reading on when the window does not hold them.
    fn get(&mut self, at: u64, len: u64) -> Option<&[u8]> {
        let held = self.start..self.start + self.block.len() as u64;
        if at < held.start || at + len > held.end {
            let wanted = len.max(BLOCK as u64).min(self.source.len().saturating_sub(at));
            self.block.resize(usize::try_from(wanted).ok()?, 0);
            self.source.read_exact_at(&mut self.block, at).ok()?;
            self.start = at;
        }
        let from = usize::try_from(at - self.start).ok()?;
        self.block.get(from..from + usize::try_from(len).ok()?)
    }
}

/// Scalars by tag.
#[derive(Default)]
struct Events {
    scalars: Scalars,
    /// Values of the tag `epoch`, which loggers write beside the others.
    epochs: Vec<(f64, f64)>,
}

/// Values by tag, which have nothing but a step: rows of a table would take twice the memory.
#[derive(Default)]
struct Scalars {
    tags: Vec<(String, Vec<(f64, f64)>)>,
    slots: FxHashMap<Box<[u8]>, Option<usize>>,
    values: usize,
}

impl Scalars {
    fn put(&mut self, tag: &[u8], step: f64, value: f64) {
        let slot = self.slots.get(tag).copied().unwrap_or_else(|| {
            let slot = (self.tags.len() < SERIES).then_some(self.tags.len());
            if slot.is_some() {
                self.tags.push((String::from_utf8_lossy(tag).into_owned(), Vec::new()));
            }
            self.slots.insert(tag.into(), slot);
            slot
        });
        if let Some((_, points)) = slot.and_then(|at| self.tags.get_mut(at))
            && self.values < VALUES
        {
            self.values += 1;
            points.push((step, value));
        }
    }

    fn finish(self, log: &mut Log) {
        for (name, points) in self.tags.into_iter().filter(|(_, points)| !points.is_empty()) {
            let forward = points.is_sorted_by(|a, b| a.0 < b.0);
            let points = if forward { points } else { super::rows::points(points.into_iter()) };
            let (mode, points) = (metric::mode_of(&name), points.into());
            log.series.push(Series { name, x: XAxis::Step, points, source: String::new(), mode });
        }
    }
}

impl Events {
    fn take(&mut self, event: &[u8], log: &mut Log) {
        let mut step = 0_i64;
        let mut summary = None;
        for (number, field) in Fields(event) {
            match (number, field) {
                (2, Field::Varint(n)) => step = n.cast_signed(),
                (5, Field::Bytes(bytes)) => summary = Some(bytes),
                _ => {}
            }
        }
        let values = summary.map(Fields).into_iter().flatten();
        for value in values.filter_map(|(number, field)| field.bytes().filter(|_| number == 1)) {
            self.value(value, step as f64, log);
        }
    }

    fn value(&mut self, message: &[u8], step: f64, log: &mut Log) {
        let mut tag: &[u8] = &[];
        let mut number = None;
        let mut tensor = None;
        let mut metadata = None;
        for (at, field) in Fields(message) {
            match (at, field) {
                (1, Field::Bytes(bytes)) => tag = bytes,
                (2, Field::Fixed32(_)) => number = field.double(),
                (8, Field::Bytes(bytes)) => tensor = Some(bytes),
                (9, Field::Bytes(bytes)) => metadata = Some(bytes),
                _ => {}
            }
        }
        if tag.starts_with(b"_hparams_/") {
            if let Some(content) = metadata.and_then(plugin_content) {
                super::settings::of_tensorboard(content, log);
            }
            return;
        }
        if tag.ends_with(b"text_summary") {
            // CleanRL writes its arguments as a table of Markdown.
            let text = tensor.and_then(|t| first(t, 8)).and_then(Field::text);
            if let Some(text) = text {
                super::settings::of_table(text, log);
            }
            return;
        }
        let Some(value) = number.or_else(|| tensor.and_then(scalar)) else { return };
        if tag == b"epoch" {
            self.epochs.push((step, value));
            return;
        }
        // What hyperparameters are judged by, -1 until somebody logs it.
        if tag == b"hp_metric" && value.total_cmp(&-1.0).is_eq() {
            return;
        }
        self.scalars.put(tag, step, value);
    }

    fn finish(self, log: &mut Log) {
        self.scalars.finish(log);
        let whole = self.epochs.iter().all(|(_, e)| e.fract() == 0.0);
        // Lightning logs the index of the epoch; others a fraction.
        let shift = if whole && self.epochs.iter().any(|(_, e)| *e == 0.0) { 1.0 } else { 0.0 };
        let places = super::rows::points(self.epochs.iter().copied());
        log.places = places.into_iter().filter(|p| p.0 >= 0.0).map(|(s, e)| (s as u64, e + shift)).collect();
    }
}

/// The value of a tensor that holds one number.
fn scalar(tensor: &[u8]) -> Option<f64> {
    let mut dtype = 0;
    let mut content = None;
    let mut number = None;
    for (at, field) in Fields(tensor) {
        match (at, field) {
            (1, Field::Varint(n)) => dtype = n,
            (4, Field::Bytes(bytes)) => content = Some(bytes),
            // Repeated numbers arrive packed or one by one.
            (5, Field::Bytes(bytes)) => number = single::<4>(bytes).map(f32::from_le_bytes).map(f64::from),
            (6, Field::Bytes(bytes)) => number = single::<8>(bytes).map(f64::from_le_bytes),
            (5 | 6 | 7 | 10, field) => number = field.double(),
            _ => {}
        }
    }
    let Some(content) = content.filter(|c| !c.is_empty()) else { return number };
    match dtype {
        1 => single::<4>(content).map(f32::from_le_bytes).map(f64::from),
        2 => single::<8>(content).map(f64::from_le_bytes),
        3 => single::<4>(content).map(i32::from_le_bytes).map(f64::from),
        9 => single::<8>(content).map(i64::from_le_bytes).map(|n| n as f64),
        14 => single::<2>(content).map(half::bf16::from_le_bytes).map(f64::from),
        19 => single::<2>(content).map(half::f16::from_le_bytes).map(f64::from),
        _ => None,
    }
}

fn single<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// What a plugin keeps in the metadata of a value.
fn plugin_content(metadata: &[u8]) -> Option<&[u8]> {
    first(first(metadata, 1)?.bytes()?, 2)?.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(data: &[u8]) -> Vec<u8> {
        let len = (data.len() as u64).to_le_bytes();
        let mut out = len.to_vec();
        out.extend(masked(&len).to_le_bytes());
        out.extend(data);
        out.extend(masked(data).to_le_bytes());
        out
    }

    fn event(step: u8, tag: &str, value: f32) -> Vec<u8> {
        let mut inner = vec![0x0a, tag.len() as u8];
        inner.extend(tag.as_bytes());
        inner.push(0x15);
        inner.extend(value.to_le_bytes());
        let mut summary = vec![0x0a, inner.len() as u8];
        summary.extend(inner);
        let mut event = vec![0x10, step, 0x2a, summary.len() as u8];
        event.extend(summary);
        record(&event)
    }

    fn read(bytes: &[u8]) -> Log {
        of_source(&bytes.to_vec())
    }

    #[test]
    fn a_cut_tail_ends_the_log_quietly_and_a_wrong_checksum_does_not() {
        let mut bytes = event(1, "loss", 0.5);
        bytes.extend(event(2, "loss", 0.25));
        let whole = bytes.len();
        bytes.extend(event(3, "loss", 0.125));
        for cut in whole..bytes.len() {
            let log = read(&bytes[..cut]);
            assert_eq!(log.series[0].points, [(1.0, 0.5), (2.0, 0.25)], "{cut}");
            assert_eq!(log.problem, None);
        }
        bytes[whole + 14] ^= 1;
        let log = read(&bytes);
        assert_eq!(log.series[0].points.len(), 2);
        assert!(log.problem.unwrap().contains(&format!("byte {whole}")));
    }

    #[test]
    fn the_epochs_beside_scalars_are_places() {
        let bytes =
            [event(1, "loss", 0.5), event(1, "epoch", 0.0), event(5, "loss", 0.25), event(5, "epoch", 1.0)];
        let log = read(&bytes.concat());
        assert_eq!((log.series.len(), log.places), (1, vec![(1, 1.0), (5, 2.0)]));
    }

    #[test]
    fn records_longer_than_the_file_are_not_believed() {
        let len = u64::MAX.to_le_bytes();
        let mut bytes = len.to_vec();
        bytes.extend(masked(&len).to_le_bytes());
        bytes.extend([0; 40]);
        assert!(read(&bytes).series.is_empty());
    }
}
