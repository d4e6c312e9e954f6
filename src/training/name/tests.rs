//! Every form of formats.md §13, and names that must not be taken for one.

use super::*;
use crate::training::testing::path;

#[derive(Debug, PartialEq, Default)]
struct Want {
    epoch: Option<f64>,
    step: Option<u64>,
    metrics: Vec<(&'static str, f64)>,
}

fn want(epoch: Option<f64>, step: Option<u64>, metrics: &[(&'static str, f64)]) -> Want {
    Want { epoch, step, metrics: metrics.to_vec() }
}

fn check(forms: &[(&str, Want)]) {
    for (name, expected) in forms {
        let hints = hints(path(name));
        let metrics = hints.metrics.iter().map(|(n, v)| (n.as_str(), *v)).collect::<Vec<_>>();
        assert_eq!((hints.epoch.map(|e| e.0), hints.step), (expected.epoch, expected.step), "{name}");
        assert_eq!(metrics, expected.metrics, "{name}");
    }
}

#[test]
fn every_form_in_use() {
    check(&[
        ("epoch=3-step=400.ckpt", want(Some(3.0), Some(400), &[])),
        ("epoch=3-val_loss=0.12.ckpt", want(Some(3.0), None, &[("val_loss", 0.12)])),
        ("epoch=3-val_loss=0.12-v1.ckpt", want(Some(3.0), None, &[("val_loss", 0.12)])),
        ("epoch=1-val_loss=1.5e-05.ckpt", want(Some(1.0), None, &[("val_loss", 1.5e-5)])),
        ("epoch=1-val_loss=-0.50.ckpt", want(Some(1.0), None, &[("val_loss", -0.5)])),
        ("epoch=03-val_top1=71.ckpt", want(Some(3.0), None, &[("val_top1", 71.0)])),
        ("epoch=3-val/loss=0.12.ckpt", want(Some(3.0), None, &[("val_loss", 0.12)])),
        ("checkpoint-500/model.safetensors", want(None, Some(500), &[])),
        ("checkpoint-500/optimizer.pt", want(None, Some(500), &[])),
        ("checkpoint-10.pth", want(Some(10.0), None, &[])),
        ("checkpoint-10.pth.tar", want(Some(10.0), None, &[])),
        ("checkpoint_0010.pth.tar", want(Some(10.0), None, &[])),
        ("checkpoint0010.pth", want(Some(10.0), None, &[])),
        ("epoch_12.pth", want(Some(12.0), None, &[])),
        ("iter_8000.pth", want(None, Some(8000), &[])),
        ("epoch-3.pt", want(Some(3.0), None, &[])),
        ("ep1-ba100-rank0.pt", want(Some(1.0), Some(100), &[])),
        ("model_0004999.pth", want(None, Some(5000), &[])),
        ("model_7.pth", want(Some(7.0), None, &[])),
        ("ckpt-1000.pt", want(None, Some(1000), &[])),
        ("step-100/model.pt", want(None, Some(100), &[])),
        ("step_2000.pt", want(None, Some(2000), &[])),
        ("global_step500/mp_rank_00_model_states.pt", want(None, Some(500), &[])),
        ("iter_0001000/mp_rank_00/model_optim_rng.pt", want(None, Some(1000), &[])),
        ("checkpoint3.pt", want(Some(3.0), None, &[])),
        ("checkpoint_3_1200.pt", want(Some(3.0), Some(1200), &[])),
        ("checkpoint.best_loss_3.210.pt", want(None, None, &[("loss", 3.21)])),
        ("best_acc_epoch_1.pth", want(Some(1.0), None, &[])),
        ("best_checkpoint_3_acc=0.3000.pt", want(Some(3.0), None, &[("acc", 0.3)])),
        ("weights.01-0.36.weights.h5", want(Some(1.0), None, &[("val_loss", 0.36)])),
        ("recovery-3-17.pth.tar", want(Some(3.0), None, &[])),
        ("milestone-10.pt", want(None, None, &[])),
        ("rl_model_64_steps.zip", want(None, Some(64), &[])),
        ("mymodel_e10_l0.123.pt", want(Some(10.0), None, &[("loss", 0.123)])),
        ("resnet_epoch5_acc0.93.pt", want(Some(5.0), None, &[("acc", 0.93)])),
        ("net_val_acc_0.87.pth", want(None, None, &[("val_acc", 0.87)])),
        ("epoch_03.pt", want(Some(3.0), None, &[])),
    ]);
}

#[test]
fn forms_of_further_frameworks() {
    check(&[
        ("05-0.32.keras", want(Some(5.0), None, &[("val_loss", 0.32)])),
        ("model.05-0.32.keras", want(Some(5.0), None, &[("val_loss", 0.32)])),
        ("cp-0004.weights.h5", want(Some(4.0), None, &[])),
        ("best_model_3_val_loss=0.12.pt", want(Some(3.0), None, &[("val_loss", 0.12)])),
        ("model_epoch_4_val_acc_0.91.pt", want(Some(4.0), None, &[("val_acc", 0.91)])),
        ("epoch=3-step=100-val_loss=0.12.ckpt", want(Some(3.0), Some(100), &[("val_loss", 0.12)])),
        (
            "megatron_gpt--val_loss=2.34-step=1000-consumed_samples=8000.0.ckpt",
            want(None, Some(1000), &[("val_loss", 2.34)]),
        ),
        (
            "megatron_gpt--val_loss=2.34-step=1000-consumed_samples=8000.0-last.ckpt",
            want(None, Some(1000), &[("val_loss", 2.34)]),
        ),
        ("model--val_wer=0.2500-epoch=3.ckpt", want(Some(3.0), None, &[("val_wer", 0.25)])),
        ("3epoch.pth", want(Some(3.0), None, &[])),
        ("valid.acc.ave_10best.pth", want(None, None, &[])),
        ("model_step_5000.pt", want(None, Some(5000), &[])),
        ("model_state_epoch_3.th", want(Some(3.0), None, &[])),
        ("ckpt_epoch_12.pth", want(Some(12.0), None, &[])),
        ("checkpoint_1000.pth", want(Some(1000.0), None, &[])),
        ("mnist_cnn_e05.pt", want(Some(5.0), None, &[])),
        ("unet_ep20_iou0.71.pth", want(Some(20.0), None, &[("iou", 0.71)])),
        ("rl_model_100000_steps.zip", want(None, Some(100_000), &[])),
        ("step-00001000/lit_model.pth", want(None, Some(1000), &[])),
    ]);
}

#[test]
fn names_that_say_nothing() {
    for name in [
        "resnet50-19c8e357.pth",
        "resnet18.pth",
        "yolov8n.pt",
        "multilingual-e5-large.safetensors",
        "model-00001-of-00007.safetensors",
        "llama-2-7b/model.safetensors",
        "gpt2.bin",
        "efficientnet_b0.pt",
        "model_20240131.pt",
        "pytorch_model.bin",
        "f1.pt",
        "v1.2.3.pt",
    ] {
        let hints = hints(path(name));
        assert_eq!((hints.epoch, hints.step, hints.metrics), (None, None, Vec::new()), "{name}");
    }
}

#[test]
fn a_value_that_is_not_finite_is_kept() {
    let hints = of_name("epoch=3-val_loss=nan.ckpt");
    assert!(matches!(hints.metrics.as_slice(), [(name, value)] if name == "val_loss" && value.is_nan()));
}

#[test]
fn what_the_numbers_count() {
    assert_eq!(of_name("weights.03-0.2.h5").epoch, Some((3.0, Base::Count)));
    assert_eq!(of_name("checkpoint_3_1200.pt").epoch, Some((3.0, Base::Count)));
    assert_eq!(of_name("recovery-3-17.pth.tar").epoch, Some((3.0, Base::Within)));
    assert_eq!(of_name("epoch_3.pt").epoch, Some((3.0, Base::Unknown)));
}

#[test]
fn the_part_a_file_plays() {
    let role = |name: &str| {
        let parts = of_name(name).parts;
        [Part::Last, Part::Best, Part::Ema, Part::Init, Part::Unfinished].map(|part| parts.has(part))
    };
    for name in ["last.ckpt", "latest.pth", "model_final.pth", "last-v2.ckpt"] {
        assert_eq!(role(name), [true, false, false, false, false], "{name}");
    }
    for name in [
        "best.pt",
        "model_best.pth.tar",
        "checkpoint_best.pt",
        "best_model.pth",
        "checkpoint.best_loss_3.210.pt",
    ] {
        assert_eq!(role(name), [false, true, false, false, false], "{name}");
    }
    assert_eq!(role("model_ema.pt"), [false, false, true, false, false]);
    assert_eq!(role("swa.pt"), [false, false, true, false, false]);
    assert_eq!(role("init.pt"), [false, false, false, true, false]);
    assert_eq!(role("pretrained.pth"), [false, false, false, true, false]);
    for name in ["epoch_3.pt.tmp", "a.ckpt.part", "model.safetensors.incomplete", "tmp_end.pt"] {
        assert!(role(name)[4], "{name}");
    }
    assert_eq!(role("blast_furnace.pt"), [false, false, false, false, false]);
}
