//! Turns the layers of dlib's face recognition network into an ONNX graph.
//!
//! A residual block begins after the first max pool and after every rectifier that follows an
//! addition; its shortcut is the block's input, average-pooled where the file says so. Where the
//! two summands differ in size dlib fills the smaller with zeros at the bottom, right and in the
//! last channels, and so does this graph.

use super::reader::{Layer, Network, Pool};
use crate::Converted;
use crate::error::ConvertError;
use crate::onnx::builder::{Attr, GraphBuilder};
use crate::tensor::{Data, Tensor};

/// dlib divides by this after subtracting the means.
const INPUT_SCALE: f32 = 256.0;

/// A value in the graph: channels, height, width.
#[derive(Debug, Clone)]
struct Plane {
    name: String,
    shape: [usize; 3],
}

/// Builds the graph.
pub(super) fn build(network: &Network) -> Result<Converted, ConvertError> {
    let mut flow = Flow::begin(network)?;
    let mut layers = network.layers.iter().enumerate().peekable();
    let mut added = false;
    while let Some((index, layer)) = layers.next() {
        flow.graph.set_label(&format!("layer {index}"));
        let next = layers.peek().map(|(_, layer)| *layer);
        match layer {
            Layer::Con { .. } => {
                let affine = if let Some(Layer::Affine { params }) = next {
                    layers.next();
                    Some(params.as_slice())
                } else {
                    None
                };
                flow.convolve(layer, affine)?;
            }
            Layer::Relu => {
                flow.relu();
                if added {
                    flow.block = flow.now.clone();
                }
            }
            Layer::MaxPool(pool) => {
                flow.now = flow.pool("MaxPool", &flow.now.clone(), *pool)?;
                flow.block = flow.now.clone();
            }
            Layer::AvgPool(pool) if matches!(next, Some(Layer::AddPrev)) => {
                flow.shortcut = Some(flow.pool("AveragePool", &flow.block.clone(), *pool)?);
            }
            Layer::AvgPool(_) => flow.average_all(),
            Layer::AddPrev => flow.add(),
            Layer::Fc {
                inputs,
                outputs,
                params,
            } => {
                return flow.finish(*inputs, *outputs, params);
            }
            Layer::Affine { .. } => {
                return Err(malformed("an affine layer that follows no convolution"));
            }
        }
        added = matches!(layer, Layer::AddPrev);
    }
    Err(malformed(
        "the network has no fully connected layer at its end",
    ))
}

fn malformed(detail: impl Into<String>) -> ConvertError {
    ConvertError::Malformed(detail.into())
}

struct Flow {
    graph: GraphBuilder,
    /// Batch, height, width, colours.
    input_shape: Vec<usize>,
    /// Output of the last layer.
    now: Plane,
    /// Input of the current residual block.
    block: Plane,
    /// Pooled input of the block, where the next addition wants that instead.
    shortcut: Option<Plane>,
}

impl Flow {
    /// The input layer: channels first, then dlib's normalisation.
    fn begin(network: &Network) -> Result<Self, ConvertError> {
        let [height, width] = network.size;
        let input_shape = vec![1, height, width, 3];
        let mut graph = GraphBuilder::new("dlib_resnet");
        graph.set_label("input");
        graph.input("image", &input_shape);
        let perm = vec![Attr::Ints("perm", vec![0, 3, 1, 2])];
        let planes = graph.node("Transpose", &["image"], perm);
        // One mean a plane: repeated every third element it takes the runtime ten times longer.
        let means = Tensor::floats(network.means.to_vec()).reshaped(vec![3, 1, 1])?;
        let means = graph.constant(&means);
        let centred = graph.node("Sub", &[&planes, &means], Vec::new());
        let scale = graph.constant(&Tensor::scalar(INPUT_SCALE));
        let name = graph.node("Div", &[&centred, &scale], Vec::new());
        let first = Plane {
            name,
            shape: [3, height, width],
        };
        Ok(Self {
            graph,
            input_shape,
            block: first.clone(),
            now: first,
            shortcut: None,
        })
    }

    fn relu(&mut self) {
        self.now.name = self.graph.node("Relu", &[&self.now.name], Vec::new());
    }

    fn convolve(&mut self, layer: &Layer, affine: Option<&[f32]>) -> Result<(), ConvertError> {
        let Layer::Con {
            filters,
            kernel,
            stride,
            pad,
            params,
        } = layer
        else {
            return Err(malformed("a convolution was expected"));
        };
        let (filters, channels) = (*filters, self.now.shape[0]);
        let per_filter = channels.saturating_mul(kernel[0]).saturating_mul(kernel[1]);
        let weights = filters.saturating_mul(per_filter);
        if filters == 0 || per_filter == 0 || params.len() != weights.saturating_add(filters) {
            return Err(malformed(format!(
                "a convolution from {channels} to {filters} channels has {} parameters",
                params.len()
            )));
        }
        let (mut kernels, mut biases) = (params[..weights].to_vec(), params[weights..].to_vec());
        if let Some(affine) = affine {
            fold_affine(&mut kernels, &mut biases, affine)?;
        }
        let shape = vec![filters, channels, kernel[0], kernel[1]];
        let weight = self
            .graph
            .constant(&Tensor::new(shape, Data::F32(kernels))?);
        let bias = self.graph.constant(&Tensor::floats(biases));
        let window = Pool {
            kernel: *kernel,
            stride: *stride,
            pad: *pad,
        };
        self.now = Plane {
            shape: output_shape(filters, &self.now, window)?,
            name: self.graph.node(
                "Conv",
                &[&self.now.name, &weight, &bias],
                window_attrs(window),
            ),
        };
        Ok(())
    }

    fn pool(&mut self, op: &str, of: &Plane, pool: Pool) -> Result<Plane, ConvertError> {
        Ok(Plane {
            shape: output_shape(of.shape[0], of, pool)?,
            name: self.graph.node(op, &[&of.name], window_attrs(pool)),
        })
    }

    fn average_all(&mut self) {
        self.now = Plane {
            name: self
                .graph
                .node("GlobalAveragePool", &[&self.now.name], Vec::new()),
            shape: [self.now.shape[0], 1, 1],
        };
    }

    fn add(&mut self) {
        let other = self.shortcut.take().unwrap_or_else(|| self.block.clone());
        let mut shape = self.now.shape;
        shape
            .iter_mut()
            .zip(other.shape)
            .for_each(|(mine, theirs)| *mine = theirs.max(*mine));
        let left = self.grown(&self.now.clone(), shape);
        let right = self.grown(&other, shape);
        self.now = Plane {
            name: self.graph.node("Add", &[&left, &right], Vec::new()),
            shape,
        };
    }

    /// The plane filled up with zeros at the far ends to `shape`.
    fn grown(&mut self, plane: &Plane, shape: [usize; 3]) -> String {
        if plane.shape == shape {
            return plane.name.clone();
        }
        let mut pads = vec![0; 5];
        pads.extend(
            shape
                .iter()
                .zip(plane.shape)
                .map(|(to, from)| (to - from) as i64),
        );
        let pads = self.graph.ints(&pads);
        self.graph.node(
            "Pad",
            &[&plane.name, &pads],
            vec![Attr::Text("mode", "constant")],
        )
    }

    fn finish(
        mut self,
        inputs: usize,
        outputs: usize,
        params: &[f32],
    ) -> Result<Converted, ConvertError> {
        if self.now.shape != [inputs, 1, 1] {
            return Err(malformed(format!(
                "the last layer wants {inputs} values, the network gives {:?}",
                self.now.shape
            )));
        }
        let weights = Tensor::new(vec![inputs, outputs], Data::F32(params.to_vec()))?;
        let weights = self.graph.constant(&weights);
        let flat = self
            .graph
            .node("Flatten", &[&self.now.name], vec![Attr::Int("axis", 1)]);
        let features = self.graph.node("MatMul", &[&flat, &weights], Vec::new());
        let shape = vec![1, outputs];
        self.graph.output("features", &features, &shape);
        Ok(Converted {
            onnx: self.graph.finish("dlib face recognition network"),
            input: ("image".to_owned(), self.input_shape),
            outputs: vec![("features".to_owned(), shape)],
        })
    }
}

/// `scale · (w·x + b) + shift` as one convolution.
fn fold_affine(
    kernels: &mut [f32],
    biases: &mut [f32],
    affine: &[f32],
) -> Result<(), ConvertError> {
    let filters = biases.len();
    if affine.len() != 2 * filters {
        return Err(malformed(format!(
            "an affine layer of {} values follows {filters} filters",
            affine.len()
        )));
    }
    let (scales, shifts) = affine.split_at(filters);
    let per_filter = kernels.len() / filters;
    for (filter, scale) in kernels.chunks_exact_mut(per_filter).zip(scales) {
        for weight in filter {
            *weight *= scale;
        }
    }
    for (bias, (scale, shift)) in biases.iter_mut().zip(scales.iter().zip(shifts)) {
        *bias = scale * *bias + shift;
    }
    Ok(())
}

fn output_shape(channels: usize, of: &Plane, window: Pool) -> Result<[usize; 3], ConvertError> {
    let mut shape = [channels, 0, 0];
    for axis in 0..2 {
        let reach = of.shape[axis + 1].saturating_add(window.pad[axis].saturating_mul(2));
        let room = reach.checked_sub(window.kernel[axis]);
        let steps = room.and_then(|room| room.checked_div(window.stride[axis]));
        shape[axis + 1] = 1 + steps.ok_or_else(|| {
            malformed(format!(
                "a window {window:?} does not fit on {:?}",
                of.shape
            ))
        })?;
    }
    Ok(shape)
}

fn window_attrs(window: Pool) -> Vec<Attr<'static>> {
    let pair = |values: [usize; 2]| values.iter().map(|&value| value as i64).collect::<Vec<_>>();
    let mut pads = pair(window.pad);
    pads.extend_from_within(..);
    vec![
        Attr::Ints("kernel_shape", pair(window.kernel)),
        Attr::Ints("strides", pair(window.stride)),
        Attr::Ints("pads", pads),
    ]
}
