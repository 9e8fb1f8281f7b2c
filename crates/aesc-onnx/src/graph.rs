//! The one builder of graphs: a network's levels as ONNX nodes.
//!
//! Activations stand before `DepthToSpace`, which only moves values: the result is the same, and
//! runtimes merge them into the convolution.

use aesc_artifact::{
    HIGH_PASS_GAIN, LEAKY_SLOPE, Level, LevelKernels, LevelOp, Look, NetworkKind, NetworkPlan,
    RESIDUAL_GAIN, Segmentation, high_pass_places, high_pass_weights, reflected,
};
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};

use crate::OnnxError;
use crate::export::{INPUT, output_of};
use crate::proto::{float, floats, indices, int, ints, node, text, value};

/// ONNX files end at 2 GiB; some room is left for what is not weights.
const MAX_WEIGHT_BYTES: u64 = (2 << 30) - (64 << 20);

/// A network with its kernels, of which graphs are made.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) plan: NetworkPlan,
    kernels: Vec<LevelKernels>,
}

impl Network {
    pub(crate) fn new(model: &aesc_artifact::ModelFile) -> Result<Self, OnnxError> {
        let plan = model.manifest.plan()?;
        let phases = |level: &Level| if level.op == LevelOp::Down { 25 } else { 36 };
        let values = |level: &Level| (phases(level) * level.input * level.output) as u64;
        let bytes = plan.levels.iter().map(values).sum::<u64>() * 4;
        if bytes > MAX_WEIGHT_BYTES {
            return Err(OnnxError::TooLarge { bytes });
        }
        let kernels = plan.kernels(&model.tensors)?;
        Ok(Self { plan, kernels })
    }

    /// The graph for images of `sides` (height, width), [`INPUT`] to what each of `looks` makes of it,
    /// the first few of the network's or all: [`output_of`] each look. Sides that do not divide by
    /// `2^depth` are padded by reflection inside and cropped back.
    ///
    /// Levels with a rate above 0 in `dropout` are multiplied by a further input of their shape,
    /// named by [`mask_name`]; an empty slice drops nothing.
    pub(crate) fn graph(
        &self,
        sides: (usize, usize),
        dropout: &[f64],
        looks: &[Look],
    ) -> GraphProto {
        let channels = self.plan.channels;
        let mut builder = Builder::default();
        builder
            .inputs
            .push(value(INPUT, [channels, sides.0, sides.1]));
        let padded = self.plan.padded(sides.0, sides.1);
        let x = builder.grown(sides, padded);
        let config = &self.plan.config;
        let named = |look| {
            let output = output_of(look);
            if padded == sides {
                output.to_owned()
            } else {
                format!("{output}.grown")
            }
        };
        let mut outputs = Vec::with_capacity(looks.len());
        for &look in looks {
            let shown = match config.segmentation_of(look) {
                Segmentation::Residual => builder.residual(&x, &named(Look::First)),
                Segmentation::Both => builder.residual_behind(&x, &x, &named(Look::First)),
                Segmentation::ResidualHighPass => {
                    let fine = builder.high_pass(&x, channels, padded);
                    builder.residual_behind(&fine, &x, &named(Look::First))
                }
                _ if config.is_high_pass(look) => builder.high_pass(&x, channels, padded),
                Segmentation::None | Segmentation::Image => x.clone(),
            };
            let (last, output) = (named(look), output_of(look));
            self.levels(&mut builder, shown, (look, padded, &last), dropout);
            if padded != sides {
                builder.cropped(&last, sides, output);
            }
            let made = self.plan.channels_of(look);
            outputs.push(value(output, [made, sides.0, sides.1]));
        }
        GraphProto {
            node: builder.nodes,
            name: self.plan.config.kind.name().to_owned(),
            initializer: builder.constants,
            input: builder.inputs,
            output: outputs,
            ..GraphProto::default()
        }
    }

    /// All levels of a look behind `x`; the last one's value is named `last`.
    fn levels(
        &self,
        builder: &mut Builder,
        mut x: String,
        (look, padded, last): (Look, (usize, usize), &str),
        dropout: &[f64],
    ) {
        let shapes = self.plan.shapes(padded.0, padded.1);
        let mut skips: Vec<String> = Vec::with_capacity(self.plan.config.depth);
        for i in self.plan.stack(look) {
            let (level, kernels) = (&self.plan.levels[i], &self.kernels[i]);
            x = match level.op {
                LevelOp::Down => builder.down(level, kernels, &x),
                LevelOp::Up => builder.up(level, kernels, &x),
                LevelOp::Out => builder.out(level, kernels, &x, last),
            };
            if dropout.get(i).is_some_and(|rate| *rate > 0.0) {
                x = builder.dropped(level, &x, shapes[i]);
            }
            let joined = format!("{}.joined", level.name);
            match (level.op, self.plan.config.kind_of(look)) {
                // skips[s - 1] is the encoder's activation at scale s.
                (LevelOp::Down, _) => skips.push(x.clone()),
                (LevelOp::Up, NetworkKind::Aesc) => {
                    x = builder.push("Add", &[&x, &skips[level.scale - 1]], vec![], &joined);
                }
                (LevelOp::Up, NetworkKind::Unet) => {
                    let axis = vec![int("axis", 1)];
                    x = builder.push("Concat", &[&x, &skips[level.scale - 1]], axis, &joined);
                }
                _ => {}
            }
        }
    }
}

/// The input that a level's activation is multiplied by, `[1, c, h, w]`.
fn mask_name(level: &Level) -> String {
    format!("{}.mask", level.name)
}

/// A graph under construction.
#[derive(Debug, Default)]
struct Builder {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    inputs: Vec<ValueInfoProto>,
}

impl Builder {
    fn push(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        output: &str,
    ) -> String {
        self.nodes.push(node(op, inputs, attributes, output));
        output.to_owned()
    }

    fn constant(&mut self, constant: TensorProto) -> String {
        let name = constant.name.clone();
        self.constants.push(constant);
        name
    }

    /// The input, grown at the bottom and right by reflection where it must be.
    fn grown(&mut self, sides: (usize, usize), padded: (usize, usize)) -> String {
        let mut x = INPUT.to_owned();
        let axes = [
            ("rows", 2, sides.0, padded.0),
            ("columns", 3, sides.1, padded.1),
        ];
        for (name, axis, from, to) in axes.into_iter().filter(|(_, _, from, to)| from != to) {
            let places: Vec<usize> = (0..to).map(|at| reflected(at, from)).collect();
            x = self.gather(&x, axis, &places, &format!("{INPUT}.{name}"));
        }
        x
    }

    /// The rows (axis 2) or columns (axis 3) of `x` at these places.
    fn gather(&mut self, x: &str, axis: i64, places: &[usize], output: &str) -> String {
        let places = self.constant(indices(&format!("{output}.places"), places));
        self.push("Gather", &[x, &places], vec![int("axis", axis)], output)
    }

    /// The high pass of the grey version of `x` `[b, channels, h, w]`, `[b, 1, h, w]`; made once.
    fn high_pass(&mut self, x: &str, channels: usize, (h, w): (usize, usize)) -> String {
        const SHOWN: &str = "grey.shown";
        if self.nodes.iter().any(|node| node.output == [SHOWN]) {
            return SHOWN.to_owned();
        }
        let share = vec![1.0 / channels as f32; channels];
        let share = self.constant(floats("grey.weight", &[1, channels, 1, 1], &share));
        let grey = self.push("Conv", &[x, &share], vec![], "grey");
        let weights = high_pass_weights();
        let n = weights.len();
        let mut blurred = grey.clone();
        for (name, axis, side, shape) in [
            ("grey.rows", 2, h, [1, 1, n, 1]),
            ("grey.columns", 3, w, [1, 1, 1, n]),
        ] {
            let grown = self.gather(&blurred, axis, &high_pass_places(side), name);
            let weight = self.constant(floats(&format!("{name}.weight"), &shape, &weights));
            let kernel = vec![ints("kernel_shape", &[shape[2] as i64, shape[3] as i64])];
            blurred = self.push(
                "Conv",
                &[&grown, &weight],
                kernel,
                &format!("{name}.blurred"),
            );
        }
        let fine = self.push("Sub", &[&grey, &blurred], vec![], "grey.fine");
        let gain = self.constant(floats("grey.gain", &[1], &[HIGH_PASS_GAIN as f32]));
        self.push("Mul", &[&fine, &gain], vec![], SHOWN)
    }

    /// What is left of `x` when its reconstruction is taken away, as a look is shown it.
    fn residual(&mut self, x: &str, reconstruction: &str) -> String {
        let left = self.push("Sub", &[x, reconstruction], vec![], "residual");
        let gain = self.constant(floats("residual.gain", &[1], &[RESIDUAL_GAIN as f32]));
        self.push("Mul", &[&left, &gain], vec![], "residual.shown")
    }

    /// The channels of `shown` and, behind them, those of the residual of `x`.
    fn residual_behind(&mut self, shown: &str, x: &str, reconstruction: &str) -> String {
        let residual = self.residual(x, reconstruction);
        let along = vec![int("axis", 1)];
        self.push("Concat", &[shown, &residual], along, "beside.shown")
    }

    /// The top left of `x`, as an output.
    fn cropped(&mut self, x: &str, sides: (usize, usize), output: &str) {
        let starts = self.constant(indices(&format!("{output}.starts"), &[0, 0]));
        let ends = self.constant(indices(&format!("{output}.ends"), &[sides.0, sides.1]));
        let axes = self.constant(indices(&format!("{output}.axes"), &[2, 3]));
        self.push("Slice", &[x, &starts, &ends, &axes], vec![], output);
    }

    fn convolution(
        &mut self,
        level: &Level,
        kernels: &LevelKernels,
        x: &str,
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = &level.name;
        let weight = floats(&format!("{name}.weight"), &kernels.shape, &kernels.weight);
        let bias = floats(&format!("{name}.bias"), &kernels.shape[..1], &kernels.bias);
        let (weight, bias) = (self.constant(weight), self.constant(bias));
        self.push(
            "Conv",
            &[x, &weight, &bias],
            attributes,
            &format!("{name}.conv"),
        )
    }

    fn leaky_relu(&mut self, level: &Level, x: &str) -> String {
        let slope = vec![float("alpha", LEAKY_SLOPE as f32)];
        self.push("LeakyRelu", &[x], slope, &format!("{}.leaky", level.name))
    }

    /// Stride 2, padded by 1 before and 2 after: output i reads x(2i + k - 1), k = 0..5.
    fn down(&mut self, level: &Level, kernels: &LevelKernels, x: &str) -> String {
        let attributes = vec![
            ints("kernel_shape", &[5, 5]),
            ints("strides", &[2, 2]),
            ints("pads", &[1, 1, 2, 2]),
        ];
        let y = self.convolution(level, kernels, x, attributes);
        self.leaky_relu(level, &y)
    }

    /// The four phases at the lower resolution, `[b, 4 out, h, w]`.
    fn phases(&mut self, level: &Level, kernels: &LevelKernels, x: &str) -> String {
        let attributes = vec![ints("kernel_shape", &[3, 3]), ints("pads", &[1, 1, 1, 1])];
        self.convolution(level, kernels, x, attributes)
    }

    /// `[b, 4 out, h, w]` to `[b, out, 2h, 2w]`.
    fn interleaved(&mut self, x: &str, output: &str) -> String {
        let attributes = vec![int("blocksize", 2), text("mode", "CRD")];
        self.push("DepthToSpace", &[x], attributes, output)
    }

    fn up(&mut self, level: &Level, kernels: &LevelKernels, x: &str) -> String {
        let y = self.phases(level, kernels, x);
        let y = self.leaky_relu(level, &y);
        self.interleaved(&y, &format!("{}.up", level.name))
    }

    fn out(&mut self, level: &Level, kernels: &LevelKernels, x: &str, output: &str) -> String {
        let y = self.phases(level, kernels, x);
        let y = self.push("Sigmoid", &[&y], vec![], &format!("{}.sigmoid", level.name));
        self.interleaved(&y, output)
    }

    fn dropped(&mut self, level: &Level, x: &str, shape: [usize; 3]) -> String {
        let mask = mask_name(level);
        self.inputs.push(value(&mask, shape));
        self.push(
            "Mul",
            &[x, &mask],
            vec![],
            &format!("{}.dropped", level.name),
        )
    }
}
