//! The files of a DeepSpeed folder, by what their names say of ranks.

use crate::format::folders::listing::Names;
use crate::sorting::Sort as _;

/// The files of one model-parallel rank.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) mp: u32,
    /// The file of model state that is read: of data-parallel rank 0.
    pub(super) model: String,
    /// Every data-parallel rank has model state of its own: ZeRO stage 3.
    pub(super) is_partitioned: bool,
    /// Files of model state of all data-parallel ranks, in their order.
    pub(super) models: Vec<(u32, String)>,
    /// Optimizer files, in the order of data-parallel ranks.
    pub(super) optim: Vec<(u32, String)>,
}

/// All files of a folder.
#[derive(Debug, Default)]
pub(super) struct Files {
    ranks: Vec<Rank>,
    /// Layers of a pipeline, by their key.
    pub(super) layers: Vec<(String, String)>,
    /// Expert weights, by model-parallel rank.
    pub(super) experts: Vec<(u32, String)>,
    unknown: Vec<String>,
}

/// What a name says.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    Model { dp: Option<u32>, mp: u32 },
    Optim { dp: u32, mp: u32 },
    Layer(String),
    Expert { mp: u32 },
    Unknown,
}

fn parse(name: &str) -> Name {
    let number = |text: &str| text.parse::<u32>().ok();
    let ranks = |text: &str| -> Option<(Option<u32>, u32)> {
        let text = text.strip_prefix("bf16_").or_else(|| text.strip_prefix("fp16_")).unwrap_or(text);
        match text.strip_prefix("zero_pp_rank_") {
            Some(rest) => {
                let (dp, mp) = rest.split_once("_mp_rank_")?;
                Some((Some(number(dp)?), number(mp)?))
            }
            None => Some((None, number(text.strip_prefix("mp_rank_")?)?)),
        }
    };
    if let Some(stem) = name.strip_suffix("_optim_states.pt") {
        return match ranks(stem) {
            Some((Some(dp), mp)) => Name::Optim { dp, mp },
            _ => Name::Unknown,
        };
    }
    if name.contains("_expert_") && name.ends_with("_model_states.pt") {
        let mp =
            name.split_once("_mp_rank_").and_then(|(_, rest)| number(rest.strip_suffix("_model_states.pt")?));
        return mp.map_or(Name::Unknown, |mp| Name::Expert { mp });
    }
    if let Some(stem) = name.strip_suffix("-model_states.pt").filter(|s| s.starts_with("layer_")) {
        return Name::Layer(stem.to_owned());
    }
    let model = name.strip_suffix("_model_states.pt").and_then(ranks);
    model.map_or(Name::Unknown, |(dp, mp)| Name::Model { dp, mp })
}

impl Files {
    pub(super) fn of(names: &Names) -> Self {
        let mut files = Self::default();
        for name in names.files().filter(|n| super::super::recognise::is_deepspeed(n)) {
            match parse(name) {
                Name::Model { dp, mp } => {
                    let rank = files.rank(mp);
                    rank.is_partitioned |= dp.is_some();
                    rank.models.push((dp.unwrap_or(0), name.to_owned()));
                }
                Name::Optim { dp, mp } => files.rank(mp).optim.push((dp, name.to_owned())),
                Name::Layer(key) => files.layers.push((key, name.to_owned())),
                Name::Expert { mp } => files.experts.push((mp, name.to_owned())),
                Name::Unknown => files.unknown.push(name.to_owned()),
            }
        }
        for rank in &mut files.ranks {
            rank.models.sort();
            rank.optim.sort();
            rank.model = rank.models.first().map(|(_, name)| name.clone()).unwrap_or_default();
        }
        files.ranks.in_order_of(|rank| rank.mp);
        files
    }

    fn rank(&mut self, mp: u32) -> &mut Rank {
        let found = self.ranks.iter().position(|rank| rank.mp == mp);
        let at = found.unwrap_or_else(|| {
            self.ranks.push(Rank { mp, ..Rank::default() });
            self.ranks.len() - 1
        });
        // Just found or added.
        #[allow(clippy::indexing_slicing)]
        &mut self.ranks[at]
    }

    /// Model-parallel ranks that have a file of model state.
    pub(super) fn model_ranks(&self) -> impl Iterator<Item = &Rank> {
        self.ranks.iter().filter(|rank| !rank.models.is_empty())
    }

    /// Files that are not opened for listing, with what they are.
    pub(super) fn others(&self) -> Vec<(String, String)> {
        let mut others = Vec::new();
        for rank in &self.ranks {
            let mp = if self.ranks.len() > 1 { format!(", mp {}", rank.mp) } else { String::new() };
            for (dp, name) in rank.models.iter().filter(|(_, name)| *name != rank.model) {
                others.push((name.clone(), format!("rank {dp}{mp}: model state")));
            }
            for (dp, name) in &rank.optim {
                others.push((name.clone(), format!("rank {dp}{mp}: optimizer")));
            }
        }
        others.extend(self.unknown.iter().map(|name| (name.clone(), "other state".to_owned())));
        others
    }
}

/// The last of the tags `global_step500` in a folder.
pub(in crate::format::folders) fn tag(names: &Names) -> Option<String> {
    names
        .folders()
        .filter(|n| n.starts_with("global_step") && !n.contains("universal"))
        .last()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_ranks() {
        for (name, want) in [
            ("mp_rank_00_model_states.pt", Name::Model { dp: None, mp: 0 }),
            ("zero_pp_rank_3_mp_rank_01_model_states.pt", Name::Model { dp: Some(3), mp: 1 }),
            ("bf16_zero_pp_rank_10_mp_rank_00_optim_states.pt", Name::Optim { dp: 10, mp: 0 }),
            ("zero_pp_rank_0_mp_rank_00_optim_states.pt", Name::Optim { dp: 0, mp: 0 }),
            ("layer_03-model_states.pt", Name::Layer("layer_03".to_owned())),
            ("layer_03-model_01-model_states.pt", Name::Layer("layer_03-model_01".to_owned())),
            ("layer_0_expert_2_mp_rank_01_model_states.pt", Name::Expert { mp: 1 }),
            ("expp_rank_0_mp_rank_00_optim_states.pt", Name::Unknown),
        ] {
            assert_eq!(parse(name), want, "{name}");
        }
    }

    #[test]
    fn ranks_come_in_their_natural_order() {
        let mut names = Names::default();
        for dp in [10, 2, 0, 1] {
            names.add(format!("zero_pp_rank_{dp}_mp_rank_00_optim_states.pt"), false);
        }
        let files = Files::of(&names);
        let order: Vec<u32> = files.ranks[0].optim.iter().map(|(dp, _)| *dp).collect();
        assert_eq!(order, [0, 1, 2, 10]);
    }
}
