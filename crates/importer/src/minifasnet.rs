//! `MiniFASNetV2` and `MiniFASNetV1SE` (Silent-Face, Apache-2.0), from their state dictionaries to
//! ONNX.
//!
//! The network is rebuilt from its published description: a stem, three chains of inverted
//! residual blocks with a strided block before each, a last wide layer, and two linear maps. The
//! widths are read from the weights; batch normalisation is folded into the convolutions. The SE
//! variant weighs the channels of the last block of each chain.

use std::collections::BTreeMap;

use crate::error::ConvertError;
use crate::onnx::builder::{Attr, GraphBuilder};
use crate::tensor::{Data, Tensor};
use crate::torch;

/// Side of the square input in pixels.
const SIDE: usize = 80;

/// Added to the variance, as the published network does.
const EPSILON: f64 = 1e-5;

/// Chains of residual blocks and how many blocks each has.
const CHAINS: [(&str, &str, usize); 3] = [
    ("conv_23", "conv_3", 4),
    ("conv_34", "conv_4", 6),
    ("conv_45", "conv_5", 2),
];

/// What the ONNX file's input is called; 1×3×80×80, BGR 0..=255.
pub const INPUT: &str = "input";

/// What its output is called; 1×3 logits, class 1 is bona fide.
pub const OUTPUT: &str = "logits";

/// Translates a state dictionary.
pub(crate) fn convert(bytes: &[u8]) -> Result<Vec<u8>, ConvertError> {
    Network::new(torch::read(bytes)?).build()
}

struct Network {
    tensors: BTreeMap<String, Tensor>,
    graph: GraphBuilder,
}

/// How a convolution steps over its input.
#[derive(Clone, Copy)]
struct Step {
    stride: i64,
    pad: i64,
    is_depthwise: bool,
}

impl Step {
    const POINT: Self = Self {
        stride: 1,
        pad: 0,
        is_depthwise: false,
    };

    const fn depthwise(stride: i64, pad: i64) -> Self {
        Self {
            stride,
            pad,
            is_depthwise: true,
        }
    }
}

impl Network {
    fn new(tensors: BTreeMap<String, Tensor>) -> Self {
        // Trained on several devices at once, every name has a prefix.
        let tensors = tensors
            .into_iter()
            .map(|(name, tensor)| match name.strip_prefix("module.") {
                Some(rest) => (rest.to_owned(), tensor),
                None => (name, tensor),
            })
            .collect();
        Self {
            tensors,
            graph: GraphBuilder::new("minifasnet"),
        }
    }

    fn build(mut self) -> Result<Vec<u8>, ConvertError> {
        self.graph.input(INPUT, &[1, 3, SIDE, SIDE]);
        let first = Step {
            stride: 2,
            pad: 1,
            is_depthwise: false,
        };
        let mut flow = self.activated("conv1", INPUT, first)?;
        flow = self.activated("conv2_dw", &flow, Step::depthwise(1, 1))?;
        for (entry, chain, count) in CHAINS {
            flow = self.block(entry, &flow, 2)?;
            for index in 0..count {
                let name = format!("{chain}.model.{index}");
                let out = self.block(&name, &flow, 1)?;
                let out = self.weighed(&name, out)?;
                flow = self.graph.node("Add", &[&flow, &out], Vec::new());
            }
        }
        flow = self.activated("conv_6_sep", &flow, Step::POINT)?;
        flow = self.convolved("conv_6_dw", &flow, Step::depthwise(1, 0))?;
        let flat = self
            .graph
            .node("Flatten", &[&flow], vec![Attr::Int("axis", 1)]);
        self.finish(&flat)
    }

    /// Two linear maps with a normalisation between, folded into one.
    fn finish(mut self, flat: &str) -> Result<Vec<u8>, ConvertError> {
        let (first_shape, first) = self.floats("linear.weight")?;
        let (last_shape, last) = self.floats("prob.weight")?;
        let (scale, shift) = self.normalisation("bn")?;
        let (&[middle, inputs], &[classes, last_inputs]) = (&*first_shape, &*last_shape) else {
            return Err(malformed("a linear map has no two axes"));
        };
        if classes != 3 || last_inputs != middle || scale.len() != middle {
            return Err(malformed("the network does not end in three classes"));
        }
        let mut weights = vec![0.0_f32; inputs * classes];
        let mut bias = vec![0.0_f32; classes];
        for class in 0..classes {
            for at in 0..middle {
                let last = f64::from(last[class * middle + at]);
                bias[class] += (last * shift[at]) as f32;
                for input in 0..inputs {
                    let first = f64::from(first[at * inputs + input]);
                    weights[input * classes + class] += (last * scale[at] * first) as f32;
                }
            }
        }
        let weights = Tensor::new(vec![inputs, classes], Data::F32(weights))?;
        let weights = self.graph.constant(&weights);
        let bias = self.graph.constant(&Tensor::floats(bias));
        let mapped = self.graph.node("MatMul", &[flat, &weights], Vec::new());
        let logits = self.graph.node("Add", &[&mapped, &bias], Vec::new());
        self.graph.output(OUTPUT, &logits, &[1, classes]);
        Ok(self.graph.finish("MiniFASNet"))
    }

    /// Widen, look around, narrow.
    fn block(&mut self, name: &str, input: &str, stride: i64) -> Result<String, ConvertError> {
        self.graph.set_label(name);
        let wide = self.activated(&format!("{name}.conv"), input, Step::POINT)?;
        let seen = self.activated(
            &format!("{name}.conv_dw"),
            &wide,
            Step::depthwise(stride, 1),
        )?;
        self.convolved(&format!("{name}.project"), &seen, Step::POINT)
    }

    /// The channels weighed by what the whole plane says, where the variant has that.
    fn weighed(&mut self, name: &str, planes: String) -> Result<String, ConvertError> {
        let module = format!("{name}.se_module");
        if !self.tensors.contains_key(&format!("{module}.fc1.weight")) {
            return Ok(planes);
        }
        let graph = &mut self.graph;
        let mean = graph.node("GlobalAveragePool", &[&planes], Vec::new());
        let few = self.folded(
            &format!("{module}.fc1.weight"),
            &format!("{module}.bn1"),
            &mean,
            Step::POINT,
        )?;
        let few = self.graph.node("Relu", &[&few], Vec::new());
        let all = self.folded(
            &format!("{module}.fc2.weight"),
            &format!("{module}.bn2"),
            &few,
            Step::POINT,
        )?;
        let gate = self.graph.node("Sigmoid", &[&all], Vec::new());
        Ok(self.graph.node("Mul", &[&planes, &gate], Vec::new()))
    }

    /// Convolution, normalisation and a rectifier with a slope of its own for each channel.
    fn activated(&mut self, name: &str, input: &str, step: Step) -> Result<String, ConvertError> {
        let planes = self.convolved(name, input, step)?;
        let (shape, slopes) = self.floats(&format!("{name}.prelu.weight"))?;
        let slopes = Tensor::new(vec![shape.iter().product(), 1, 1], Data::F32(slopes))?;
        let slopes = self.graph.constant(&slopes);
        Ok(self.graph.node("PRelu", &[&planes, &slopes], Vec::new()))
    }

    fn convolved(&mut self, name: &str, input: &str, step: Step) -> Result<String, ConvertError> {
        self.folded(
            &format!("{name}.conv.weight"),
            &format!("{name}.bn"),
            input,
            step,
        )
    }

    /// A convolution with the normalisation after it folded in.
    fn folded(
        &mut self,
        kernel: &str,
        normalisation: &str,
        input: &str,
        step: Step,
    ) -> Result<String, ConvertError> {
        let (shape, mut kernels) = self.floats(kernel)?;
        let (scale, shift) = self.normalisation(normalisation)?;
        let &[filters, per_group, height, width] = &*shape else {
            return Err(malformed(format!("'{kernel}' has no four axes")));
        };
        if filters == 0 || scale.len() != filters {
            return Err(malformed(format!(
                "'{normalisation}' does not fit '{kernel}'"
            )));
        }
        if step.is_depthwise && per_group != 1 {
            return Err(malformed(format!("'{kernel}' mixes channels")));
        }
        let each = kernels.len() / filters;
        for (filter, scale) in kernels.chunks_exact_mut(each.max(1)).zip(&scale) {
            for weight in filter {
                *weight = (f64::from(*weight) * scale) as f32;
            }
        }
        let bias = shift.iter().map(|value| *value as f32).collect();
        let weights = self
            .graph
            .constant(&Tensor::new(shape, Data::F32(kernels))?);
        let bias = self.graph.constant(&Tensor::floats(bias));
        let group = if step.is_depthwise { filters as i64 } else { 1 };
        let attrs = vec![
            Attr::Ints("kernel_shape", vec![height as i64, width as i64]),
            Attr::Ints("strides", vec![step.stride; 2]),
            Attr::Ints("pads", vec![step.pad; 4]),
            Attr::Int("group", group),
        ];
        Ok(self.graph.node("Conv", &[input, &weights, &bias], attrs))
    }

    /// A normalisation as a factor and a summand for each channel.
    fn normalisation(&self, name: &str) -> Result<(Vec<f64>, Vec<f64>), ConvertError> {
        let part = |part: &str| Ok::<_, ConvertError>(self.floats(&format!("{name}.{part}"))?.1);
        let (weight, bias) = (part("weight")?, part("bias")?);
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        let mut scales = Vec::new();
        let mut shifts = Vec::new();
        for (((weight, bias), mean), variance) in weight.iter().zip(&bias).zip(&mean).zip(&variance)
        {
            let scale = f64::from(*weight) / (f64::from(*variance) + EPSILON).sqrt();
            scales.push(scale);
            shifts.push(f64::from(*bias) - f64::from(*mean) * scale);
        }
        Ok((scales, shifts))
    }

    fn floats(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), ConvertError> {
        match self.tensors.get(name) {
            Some(Tensor {
                shape,
                data: Data::F32(values),
            }) => Ok((shape.clone(), values.clone())),
            _ => Err(malformed(format!(
                "the state dictionary has no '{name}': this is no MiniFASNet"
            ))),
        }
    }
}

fn malformed(detail: impl Into<String>) -> ConvertError {
    ConvertError::Malformed(detail.into())
}
