//! A network from picture to classes: what a program uses.

use crate::arch::Network;
use crate::classify::{Prediction, top_k};
use crate::error::Error;
use crate::kernels::stem;
use crate::plan::Plan;
use crate::preprocess::{Preprocessing, Preprocessor, RgbaImage};
use crate::simd::Native;
use crate::weights::{ByteSource, Checkpoint, Flavour, Untrained, WeightSource};

/// A network that is ready to classify pictures.
///
/// ```no_run
/// use mobilenet_wasm::{Model, RgbaImage};
///
/// let weights = std::fs::read("model.safetensors")?;
/// let config = std::fs::read_to_string("config.json")?;
/// let mut model = Model::load(&weights.as_slice(), Some(&config), None)?;
///
/// let grey = vec![128; 640 * 480 * 4];
/// for prediction in model.classify(RgbaImage::new(640, 480, &grey)?, 5) {
///     println!("class {}: {:.3}", prediction.index, prediction.probability);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Model {
    network: Network,
    flavour: Option<Flavour>,
    background: bool,
    labels: Option<Vec<String>>,
    preprocessor: Preprocessor,
    plan: Plan,
}

impl Model {
    /// Loads a `.safetensors` checkpoint of timm, torchvision or transformers. `config` and
    /// `preprocessor_config` are the texts of the JSON files of that name beside it.
    ///
    /// # Errors
    /// What is wrong with the file or the configuration, and where.
    pub fn load(
        source: &dyn ByteSource,
        config: Option<&str>,
        preprocessor_config: Option<&str>,
    ) -> Result<Self, Error> {
        let mut checkpoint = Checkpoint::open(source, config, preprocessor_config)?;
        let network = checkpoint.network().clone();
        let preprocessing = checkpoint.preprocessing().clone();
        let mut model = Self::build(network, preprocessing, &mut checkpoint)?;
        model.flavour = Some(checkpoint.flavour());
        model.background = checkpoint.has_background();
        model.labels = checkpoint.labels().map(<[String]>::to_vec);
        Ok(model)
    }

    /// The network with random weights: right in speed and size, its predictions mean nothing.
    ///
    /// # Errors
    /// Those of [`Preprocessing::validate`].
    pub fn untrained(network: Network, seed: u64) -> Result<Self, Error> {
        let preprocessing = Preprocessing::imagenet(network.resolution);
        Self::build(network, preprocessing, &mut Untrained::new(seed))
    }

    fn build(
        network: Network,
        preprocessing: Preprocessing,
        weights: &mut dyn WeightSource,
    ) -> Result<Self, Error> {
        let preprocessor = Preprocessor::new(preprocessing)?;
        let plan = Plan::new(&network, weights)?;
        Ok(Self { network, flavour: None, background: false, labels: None, preprocessor, plan })
    }

    /// The logits of one prepared picture: `[y][x][rgb]`, normalised, `resolution` x `resolution`.
    ///
    /// # Errors
    /// [`Error::InputLength`].
    pub fn run(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.plan.run::<Native>(input)
    }

    /// Prepares a picture; [`Model::predict`] then classifies it. [`Model::classify`] does both, this
    /// is for timing them apart.
    pub fn prepare(&mut self, picture: RgbaImage<'_>) {
        let row = stem::row(self.network.resolution);
        self.preprocessor.run(picture, self.plan.picture(), row);
    }

    /// Runs the network on the prepared picture; the `k` most probable classes, the best first.
    pub fn predict(&mut self, k: usize) -> Vec<Prediction> {
        top_k(self.plan.run_picture::<Native>(), k, self.background)
    }

    /// The `k` most probable classes of a picture of any size, the best first. An ImageNet network's
    /// `index` is that of the 1000 ImageNet classes.
    pub fn classify(&mut self, picture: RgbaImage<'_>, k: usize) -> Vec<Prediction> {
        self.prepare(picture);
        self.predict(k)
    }

    /// Has `threads` threads run the network from now on, the calling one among them. The logits are the
    /// same bits for every number.
    ///
    /// # Errors
    /// [`Error::Threads`] for a number that is impossible, or when the system refuses; the model then keeps
    /// those it has.
    pub fn set_threads(&mut self, threads: usize) -> Result<(), Error> {
        self.plan.set_threads(threads)
    }

    /// Whether class 0 stands for "none of the others", as in Google's checkpoints of 1001 classes.
    #[must_use]
    pub fn has_background(&self) -> bool {
        self.background
    }

    /// The architecture.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Whose tensor names the checkpoint had; `None` for an untrained network.
    #[must_use]
    pub fn flavour(&self) -> Option<Flavour> {
        self.flavour
    }

    /// How pictures are prepared.
    #[must_use]
    pub fn preprocessing(&self) -> &Preprocessing {
        self.preprocessor.settings()
    }

    /// The class names that `config.json` held, the background left out.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// The plan behind it.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
