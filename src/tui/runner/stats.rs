//! Statistics and previews, on whichever thread calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::action::StatsNews;
use super::super::model::layers::Layers;
use super::super::model::stats::{Preview, Wanted};
use crate::cache::Cache;
use crate::elements::Elements;
use crate::error::Result;
use crate::stats::preview::{self, HeatMap};
use crate::stats::{Plan, Survey, TensorStats, default_threads};
use crate::work::Work;

/// Results are sent at most this often.
const PACE: Duration = Duration::from_millis(50);

type News = Vec<(u32, std::result::Result<Arc<TensorStats>, String>)>;

/// Computes the statistics of some tensors and hands them over as they come, several at a time.
pub fn statistics(
    layers: &Layers,
    tensors: &[u32],
    cache: &Cache,
    work: &Work,
    send: &(dyn Fn(StatsNews) + Sync),
) {
    let checkpoint = layers.checkpoint();
    let entries = checkpoint.tensors();
    let mut wanted = vec![false; entries.len()];
    for at in tensors {
        if let Some(flag) = wanted.get_mut(*at as usize) {
            *flag = true;
        }
    }
    let plan = Plan::of(checkpoint, |at, _| wanted.get(at).copied().unwrap_or(false)).without_total();
    let mut names: Vec<Vec<u32>> = vec![Vec::new(); plan.len()];
    for at in 0..entries.len() {
        if let Some(names) = plan.index(at).and_then(|index| names.get_mut(index)) {
            names.push(at as u32);
        }
    }
    let pending: Mutex<(News, Instant)> = Mutex::new((Vec::new(), Instant::now()));
    let survey = Survey { checkpoint, plan: &plan, cache, threads: default_threads(), work };
    let outcome = survey.run(&|index, stats: Result<Arc<TensorStats>>| {
        let stats = stats.map_err(|error| error.reason());
        let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
        let (news, sent) = &mut *pending;
        news.extend(names.get(index).into_iter().flatten().map(|at| (*at, stats.clone())));
        if sent.elapsed() >= PACE {
            *sent = Instant::now();
            send(StatsNews::Known(std::mem::take(news)));
        }
    });
    let (news, _) = pending.into_inner().unwrap_or_else(PoisonError::into_inner);
    send(StatsNews::Known(news));
    if outcome.is_ok() {
        send(StatsNews::Done);
    }
}

/// Reads some elements of a tensor, and makes its picture if that is wanted.
pub fn preview(layers: &Layers, wanted: Wanted, count: usize, work: &Work) -> Preview {
    let Wanted { tensor, start, map } = wanted;
    let empty = Preview { tensor, start, values: Vec::new(), total: 0, map: None, error: None };
    let read = || -> Result<Preview> {
        let checkpoint = layers.checkpoint();
        let Some(entry) = layers.entry(tensor) else { return Ok(empty.clone()) };
        let meta = checkpoint.meta(entry);
        let elements = Elements::open(checkpoint, meta)?;
        let values = if map { Vec::new() } else { preview::values(&elements, start, count)? };
        let map = if map { HeatMap::of(&elements, meta.shape(), work)? } else { None };
        Ok(Preview { values, total: elements.len(), map, ..empty.clone() })
    };
    read().unwrap_or_else(|error| Preview { error: Some(error.reason()), ..empty.clone() })
}
