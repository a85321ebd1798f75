//! Convolutions, pooling and the rectifiers that belong to them: everything that wants NCHW.

use super::convert::{Context, nchw, same};
use super::layout::Value;
use super::rectifier::rectify;
use crate::error::ConvertError;
use crate::onnx::builder::Attr;
use crate::tensor::Tensor;

/// Translates the node if it is one of this family.
pub(super) fn translate(context: &mut Context<'_>) -> Result<Option<Value>, ConvertError> {
    match context.node.op.as_str() {
        "Conv2D" | "_FusedConv2D" => convolution(context, false).map(Some),
        "DepthwiseConv2dNative" | "FusedDepthwiseConv2dNative" => {
            convolution(context, true).map(Some)
        }
        "MaxPool" => max_pool(context).map(Some),
        "Prelu" => prelu(context).map(Some),
        _ => Ok(None),
    }
}

/// How a window moves over an image.
struct Window {
    /// Height and width, source pixels.
    kernel: [usize; 2],
    strides: [usize; 2],
    dilations: [usize; 2],
    /// Top, left, bottom, right.
    pads: [usize; 4],
    /// Height and width of the result.
    output: [usize; 2],
}

impl Window {
    fn attrs(&self) -> Vec<Attr<'static>> {
        let list = |values: &[usize]| values.iter().map(|&value| value as i64).collect::<Vec<_>>();
        vec![
            Attr::Ints("kernel_shape", list(&self.kernel)),
            Attr::Ints("strides", list(&self.strides)),
            Attr::Ints("dilations", list(&self.dilations)),
            Attr::Ints("pads", list(&self.pads)),
        ]
    }
}

/// TensorFlow's SAME puts an odd pixel of padding at the bottom and right.
fn window(
    context: &Context<'_>,
    input: &[usize],
    kernel: [usize; 2],
) -> Result<Window, ConvertError> {
    let node = context.node;
    if !matches!(node.text("data_format")?.as_str(), "" | "NHWC") {
        return Err(node.fault("is not in the NHWC format"));
    }
    let strides = spatial(context, "strides")?;
    let dilations = spatial(context, "dilations")?;
    let padding = node.text("padding")?;
    let mut window = Window {
        kernel,
        strides,
        dilations,
        pads: [0; 4],
        output: [0; 2],
    };
    for axis in 0..2 {
        let (size, stride) = (input[axis + 1], strides[axis]);
        let reach = (kernel[axis].saturating_sub(1)).saturating_mul(dilations[axis]) + 1;
        let steps = match padding.as_str() {
            "SAME" => size.div_ceil(stride),
            "VALID" => (size + 1).saturating_sub(reach).div_ceil(stride),
            other => return Err(node.fault(format!("padding '{other}'"))),
        };
        if steps == 0 {
            return Err(node.fault(format!("a window of {reach} does not fit on {size}")));
        }
        if padding == "SAME" {
            let total = ((steps - 1) * stride + reach).saturating_sub(size);
            window.pads[axis] = total / 2;
            window.pads[axis + 2] = total - total / 2;
        }
        window.output[axis] = steps;
    }
    Ok(window)
}

/// The middle two of a list of four; one each where the list is absent.
fn spatial(context: &Context<'_>, name: &str) -> Result<[usize; 2], ConvertError> {
    let values: Option<Vec<usize>> = context
        .node
        .ints(name)?
        .into_iter()
        .map(|value| usize::try_from(value).ok().filter(|&value| value > 0))
        .collect();
    match values.as_deref() {
        Some([]) => Ok([1, 1]),
        Some([1, height, width, 1]) => Ok([*height, *width]),
        _ => Err(context
            .node
            .fault(format!("attribute {name} has an unknown form"))),
    }
}

fn image<'a>(context: &Context<'a>) -> Result<(&'a Value, [usize; 4]), ConvertError> {
    let value = context.operand(0)?;
    let shape = <[usize; 4]>::try_from(value.shape());
    let shape = shape.map_err(|_| {
        context
            .node
            .fault(format!("{:?} is no image", value.shape()))
    })?;
    Ok((value, shape))
}

fn convolution(context: &mut Context<'_>, depthwise: bool) -> Result<Value, ConvertError> {
    let (value, input) = image(context)?;
    let weights = context.constant(1)?;
    let &[height, width, channels, last] = weights.shape.as_slice() else {
        return Err(context
            .node
            .fault(format!("weights of shape {:?}", weights.shape)));
    };
    if channels != input[3] {
        return Err(context
            .node
            .fault(format!("{channels}-channel weights on {input:?}")));
    }
    let (filters, group, kernels) = if depthwise {
        // HWIM: the filters of one channel lie side by side.
        let turned = weights.transposed(&[2, 3, 0, 1])?;
        (
            channels * last,
            channels,
            turned.reshaped(vec![channels * last, 1, height, width])?,
        )
    } else {
        (last, 1, weights.transposed(&[3, 2, 0, 1])?)
    };
    let window = window(context, &input, [height, width])?;
    let fused = Fused::of(context, filters)?;
    let source = context.target.nchw(value)?;
    let mut operands = vec![source, context.target.graph.constant(&kernels)];
    if let Some(bias) = &fused.bias {
        operands.push(context.target.graph.constant(bias));
    }
    let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
    let mut attrs = window.attrs();
    attrs.push(Attr::Int("group", group as i64));
    let summed = context.target.graph.node("Conv", &operands, attrs);
    let result = fused.activate(context, summed, filters)?;
    Ok(nchw(
        result,
        vec![1, window.output[0], window.output[1], filters],
    ))
}

/// What TensorFlow merged into a convolution.
struct Fused {
    bias: Option<Tensor>,
    activation: Option<String>,
}

impl Fused {
    fn of(context: &Context<'_>, filters: usize) -> Result<Self, ConvertError> {
        let names = context.node.texts("fused_ops")?;
        let (bias, activation) = match names.as_slice() {
            [] => (false, None),
            [bias] if bias == "BiasAdd" => (true, None),
            [bias, activation] if bias == "BiasAdd" => (true, Some(activation.clone())),
            other => return Err(context.node.fault(format!("unknown fusion {other:?}"))),
        };
        let bias = if bias {
            Some(context.constant(2)?.clone())
        } else {
            None
        };
        if bias.as_ref().is_some_and(|bias| bias.data.len() != filters) {
            return Err(context
                .node
                .fault(format!("the bias does not fit {filters} filters")));
        }
        let bias = bias.map(|bias| bias.reshaped(vec![filters])).transpose()?;
        Ok(Self { bias, activation })
    }

    fn activate(
        &self,
        context: &mut Context<'_>,
        value: String,
        filters: usize,
    ) -> Result<String, ConvertError> {
        match self.activation.as_deref() {
            None => Ok(value),
            Some("Prelu") => rectify(context, &value, filters, 3),
            Some("Relu") => Ok(context.target.graph.node("Relu", &[&value], Vec::new())),
            Some("Relu6") => {
                let low = context.target.graph.constant(&Tensor::scalar(0.0));
                let high = context.target.graph.constant(&Tensor::scalar(6.0));
                Ok(context
                    .target
                    .graph
                    .node("Clip", &[&value, &low, &high], Vec::new()))
            }
            Some(other) => Err(context
                .node
                .fault(format!("unknown fused activation {other}"))),
        }
    }
}

fn prelu(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let shape = value.shape().to_vec();
    let &[_, _, _, channels] = shape.as_slice() else {
        let slopes = context.target.same(context.operand(1)?);
        let source = context.target.same(value);
        let result = context
            .target
            .graph
            .node("PRelu", &[&source, &slopes], Vec::new());
        return Ok(same(result, shape));
    };
    let source = context.target.nchw(value)?;
    Ok(nchw(rectify(context, &source, channels, 1)?, shape))
}

fn max_pool(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let (value, input) = image(context)?;
    let kernel = spatial(context, "ksize")?;
    let window = window(context, &input, kernel)?;
    let source = context.target.nchw(value)?;
    let result = context
        .target
        .graph
        .node("MaxPool", &[&source], window.attrs());
    Ok(nchw(
        result,
        vec![1, window.output[0], window.output[1], input[3]],
    ))
}
