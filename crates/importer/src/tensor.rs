//! Constant tensors and the few rearrangements that weights need.
//!
//! Row-major, as both sources and the target store them. No broadcasting and no arithmetic here;
//! constant folding has its own module.

use crate::error::ConvertError;

/// The elements of a constant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    F32(Vec<f32>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
}

impl Data {
    pub(crate) fn len(&self) -> usize {
        match self {
            Data::F32(values) => values.len(),
            Data::I32(values) => values.len(),
            Data::Bool(values) => values.len(),
        }
    }

    /// The elements at `indices`, in that order. The indices must be in range.
    pub(crate) fn pick(&self, indices: &[usize]) -> Self {
        match self {
            Data::F32(values) => Data::F32(indices.iter().map(|&at| values[at]).collect()),
            Data::I32(values) => Data::I32(indices.iter().map(|&at| values[at]).collect()),
            Data::Bool(values) => Data::Bool(indices.iter().map(|&at| values[at]).collect()),
        }
    }
}

/// A constant: as many elements as the shape's product.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

impl Tensor {
    /// Checks that the shape and the number of elements agree.
    pub(crate) fn new(shape: Vec<usize>, data: Data) -> Result<Self, ConvertError> {
        if count(&shape) == Some(data.len()) {
            Ok(Self { shape, data })
        } else {
            Err(ConvertError::Malformed(format!(
                "a constant of shape {shape:?} holds {} elements",
                data.len()
            )))
        }
    }

    pub(crate) fn scalar(value: f32) -> Self {
        Self {
            shape: Vec::new(),
            data: Data::F32(vec![value]),
        }
    }

    /// A vector of floats.
    pub(crate) fn floats(values: Vec<f32>) -> Self {
        Self {
            shape: vec![values.len()],
            data: Data::F32(values),
        }
    }

    /// A vector of integers.
    pub(crate) fn integers(values: Vec<i32>) -> Self {
        Self {
            shape: vec![values.len()],
            data: Data::I32(values),
        }
    }

    /// The elements as integers, for shapes and axes.
    pub(crate) fn as_integers(&self) -> Result<&[i32], ConvertError> {
        match &self.data {
            Data::I32(values) => Ok(values),
            Data::F32(_) | Data::Bool(_) => Err(ConvertError::Malformed(
                "expected a constant of integers".to_owned(),
            )),
        }
    }

    /// The same elements under another shape.
    pub(crate) fn reshaped(&self, shape: Vec<usize>) -> Result<Self, ConvertError> {
        Self::new(shape, self.data.clone())
    }

    /// Axis `n` of the result is axis `order[n]` of the source.
    pub(crate) fn transposed(&self, order: &[usize]) -> Result<Self, ConvertError> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted != (0..self.shape.len()).collect::<Vec<_>>() {
            return Err(ConvertError::Malformed(format!(
                "{order:?} does not order the axes of {:?}",
                self.shape
            )));
        }
        let steps = strides(&self.shape);
        let shape: Vec<usize> = order.iter().map(|&axis| self.shape[axis]).collect();
        let steps: Vec<usize> = order.iter().map(|&axis| steps[axis]).collect();
        let indices: Vec<usize> = positions(&shape)
            .map(|position| {
                position
                    .iter()
                    .zip(&steps)
                    .map(|(at, step)| at * step)
                    .sum()
            })
            .collect();
        Ok(Self {
            data: self.data.pick(&indices),
            shape,
        })
    }
}

/// How many elements a shape has, if that can be counted.
pub(crate) fn count(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1_usize, |all, &dim| all.checked_mul(dim))
}

/// Row-major strides of a shape, in elements.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut step = 1;
    let mut steps: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&dim| {
            let here = step;
            step *= dim;
            here
        })
        .collect();
    steps.reverse();
    steps
}

/// Every position of a shape in row-major order.
pub(crate) fn positions(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let shape = shape.to_vec();
    let count: usize = shape.iter().product();
    (0..count).map(move |flat| {
        let mut rest = flat;
        let mut position = vec![0; shape.len()];
        for (at, &dim) in position.iter_mut().zip(&shape).rev() {
            *at = rest % dim;
            rest /= dim;
        }
        position
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_moves_each_element_to_its_place() {
        let tensor = Tensor::new(vec![2, 3], Data::I32(vec![1, 2, 3, 4, 5, 6])).unwrap();
        let turned = tensor.transposed(&[1, 0]).unwrap();
        assert_eq!(turned.shape, vec![3, 2]);
        assert_eq!(turned.data, Data::I32(vec![1, 4, 2, 5, 3, 6]));
        assert!(tensor.transposed(&[0, 0]).is_err());
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused() {
        assert!(Tensor::new(vec![2, 2], Data::F32(vec![0.0; 3])).is_err());
    }
}
