//! A network from picture to classes: what a program uses.

use crate::arch::Network;
use crate::classify::{Prediction, top_k};
use crate::error::Error;
use crate::kernels::stem;
use crate::plan::{ActivationMap, Gates, Inspector, Plan, Precision, Profile, Threads};
use crate::preprocess::{PicturePart, Preprocessing, Preprocessor, Rect, ResizeCache};
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
/// for prediction in model.classify(RgbaImage::new(640, 480, &grey)?, 5)? {
///     println!("class {}: {:.3}", prediction.index, prediction.probability);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Model {
    flavour: Option<Flavour>,
    background: bool,
    labels: Option<Vec<String>>,
    warnings: Vec<String>,
    preprocessor: Preprocessor,
    plan: Plan,
    /// The plan that keeps every tensor, once it has been asked for.
    inspector: Option<Inspector>,
}

/// What a network looks at.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A picture of any size, or as much of one as [`Model::source`] says.
    Picture(PicturePart<'a>),
    /// One of which all that [`Model::next_strip`] asked for is resized.
    Resized(&'a ResizeCache),
    /// A prepared one: `[y][x][rgb]`, normalised, `resolution` x `resolution`.
    Input(&'a [f32]),
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
        Self::load_with(source, config, preprocessor_config, Precision::F32)
    }

    /// [`Model::load`], to compute with this precision.
    ///
    /// # Errors
    /// Those of [`Model::load`].
    pub fn load_with(
        source: &dyn ByteSource,
        config: Option<&str>,
        preprocessor_config: Option<&str>,
        precision: Precision,
    ) -> Result<Self, Error> {
        let mut checkpoint = Checkpoint::open(source, config, preprocessor_config)?;
        let network = checkpoint.network().clone();
        let preprocessing = checkpoint.preprocessing().clone();
        let mut model = Self::build(&network, preprocessing, &mut checkpoint, precision)?;
        model.flavour = Some(checkpoint.flavour());
        model.background = checkpoint.has_background();
        model.labels = checkpoint.labels().map(<[String]>::to_vec);
        model.warnings = checkpoint.warnings().to_vec();
        Ok(model)
    }

    /// The network with random weights: right in speed and size, its predictions mean nothing.
    ///
    /// # Errors
    /// Those of [`Network::check`] and of [`Preprocessing::validate`].
    pub fn untrained(network: Network, seed: u64) -> Result<Self, Error> {
        Self::untrained_with(network, seed, Precision::F32)
    }

    /// [`Model::untrained`], to compute with this precision.
    ///
    /// # Errors
    /// Those of [`Model::untrained`].
    pub fn untrained_with(
        network: Network,
        seed: u64,
        precision: Precision,
    ) -> Result<Self, Error> {
        let preprocessing = Preprocessing::imagenet(network.resolution);
        Self::build(&network, preprocessing, &mut Untrained::new(seed), precision)
    }

    fn build(
        network: &Network,
        preprocessing: Preprocessing,
        weights: &mut dyn WeightSource,
        precision: Precision,
    ) -> Result<Self, Error> {
        let preprocessor = Preprocessor::new(preprocessing)?;
        let plan = Plan::new(network, weights, precision)?;
        Ok(Self {
            flavour: None,
            background: false,
            labels: None,
            warnings: Vec::new(),
            preprocessor,
            plan,
            inspector: None,
        })
    }

    /// The logits of one prepared picture: `[y][x][rgb]`, normalised, `resolution` x `resolution`.
    ///
    /// # Errors
    /// [`Error::InputLength`] and [`Error::InputValue`].
    pub fn run(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.plan.run::<Native>(input)
    }

    /// Times every step of the network: see [`Plan::profile`].
    ///
    /// # Errors
    /// [`Error::InputLength`], [`Error::InputValue`] and [`Error::Runs`].
    pub fn profile(
        &mut self,
        input: &[f32],
        clock: &mut dyn FnMut() -> f64,
        runs: usize,
    ) -> Result<Profile, Error> {
        self.plan.profile::<Native>(input, clock, runs)
    }

    /// The rectangle of pictures of `width` x `height` pixels that the network sees: nothing else of them is read.
    ///
    /// # Errors
    /// [`Error::ImageSide`].
    pub fn source(&mut self, width: usize, height: usize) -> Result<Rect, Error> {
        self.preprocessor.source(width, height)
    }

    /// Prepares a picture; [`Model::predict`] then classifies it. [`Model::classify`] does both, this
    /// is for timing them apart.
    ///
    /// # Errors
    /// [`Error::ImagePart`] for a picture of which something is missing.
    pub fn prepare<'a>(&mut self, picture: impl Into<PicturePart<'a>>) -> Result<(), Error> {
        self.prepare_source(Source::Picture(picture.into()))
    }

    /// What is to be read next of a picture of `width` x `height` pixels, of which `cache` has all that was read; `None` when
    /// nothing is left: then [`Source::Resized`] is whole. All at once, or in strips where it is large.
    ///
    /// # Errors
    /// [`Error::ImageSide`].
    pub fn next_strip(
        &mut self,
        size: (usize, usize),
        cache: &ResizeCache,
    ) -> Result<Option<Rect>, Error> {
        self.preprocessor.next_strip(size, cache)
    }

    /// Resizes what [`Model::next_strip`] asked for into `cache`, where it is for all networks that resize alike.
    ///
    /// # Errors
    /// [`Error::ImagePart`] and [`Error::OutOfMemory`].
    pub fn resize_strip(
        &mut self,
        picture: PicturePart<'_>,
        cache: &mut ResizeCache,
    ) -> Result<(), Error> {
        let threads = self.plan.threads().clone();
        self.preprocessor.resize_strip(&threads, picture, cache)
    }

    /// [`Model::prepare`] of anything that a network looks at.
    ///
    /// # Errors
    /// [`Error::ImagePart`], [`Error::Unread`], [`Error::InputLength`] and [`Error::InputValue`].
    pub fn prepare_source(&mut self, source: Source<'_>) -> Result<(), Error> {
        prepare(source, &mut self.preprocessor, &mut self.plan)
    }

    /// Runs the network on the prepared picture; the `k` most probable classes, the best first.
    pub fn predict(&mut self, k: usize) -> Vec<Prediction> {
        top_k(self.plan.run_picture::<Native>(), k, self.background)
    }

    /// The `k` most probable classes of a picture of any size, the best first. An ImageNet network's
    /// `index` is that of the 1000 ImageNet classes.
    ///
    /// # Errors
    /// [`Error::ImagePart`] for a picture of which something is missing.
    pub fn classify<'a>(
        &mut self,
        picture: impl Into<PicturePart<'a>>,
        k: usize,
    ) -> Result<Vec<Prediction>, Error> {
        self.prepare(picture)?;
        Ok(self.predict(k))
    }

    /// What the classifier sees of a picture or an input: the features for another task. Their number is 1024 for V1, 1280
    /// for V2, V3-Large, V4, MnasNet and EfficientNet-Lite, and 1024 for V3-Small, times the width in some: it is
    /// `network().classifier.in_channels`. V1 and V2 have them from the pooling, V3 and V4 from the layer behind it.
    ///
    /// # Errors
    /// [`Error::InputLength`] and [`Error::InputValue`].
    pub fn embed(&mut self, source: Source<'_>) -> Result<&[f32], Error> {
        self.prepare_source(source)?;
        self.plan.run_picture::<Native>();
        Ok(self.plan.features())
    }

    /// Runs the network so that every tensor stays: see [`Inspector`]. It takes the memory of all tensors, and keeps it
    /// until [`Model::drop_inspector`].
    ///
    /// # Errors
    /// [`Error::InputLength`] and [`Error::InputValue`].
    pub fn inspect(&mut self, source: Source<'_>, gates: Gates) -> Result<&Inspector, Error> {
        let kept = self.inspector.take().filter(|inspector| inspector.gates() == gates);
        let inspector = match kept {
            Some(inspector) => inspector,
            None => self.plan.inspector(gates)?,
        };
        let inspector = self.inspector.insert(inspector);
        prepare(source, &mut self.preprocessor, inspector.plan())?;
        inspector.plan().run_picture::<Native>();
        Ok(inspector)
    }

    /// How much each part of a picture speaks for a class, or for the most probable one: see
    /// [`Inspector::activation_map`]. Classes are counted as in [`Model::classify`], and so is the map's.
    ///
    /// # Errors
    /// [`Error::InputLength`], [`Error::InputValue`] and [`Error::Class`].
    pub fn activation_map(
        &mut self,
        source: Source<'_>,
        class: Option<usize>,
    ) -> Result<ActivationMap, Error> {
        let skipped = usize::from(self.background);
        let inspector = self.inspect(source, Gates::Learned)?;
        let logits = inspector.logits();
        let class = match class {
            Some(class) if class < logits.len() - skipped => class,
            Some(class) => return Err(Error::Class { class, classes: logits.len() - skipped }),
            None => top_k(logits, 1, skipped == 1).first().map_or(0, |best| best.index),
        };
        Ok(ActivationMap { class, ..inspector.activation_map(class + skipped)? })
    }

    /// Gives back the memory of [`Model::inspect`].
    pub fn drop_inspector(&mut self) {
        self.inspector = None;
    }

    /// Has these threads run the network from now on; other networks may have the same. The logits are the same bits for
    /// every number of them.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the network then keeps those it has.
    pub fn set_threads(&mut self, threads: &Threads) -> Result<(), Error> {
        self.plan.set_threads(threads)?;
        self.inspector = None;
        Ok(())
    }

    /// Whether class 0 stands for "none of the others", as in Google's checkpoints of 1001 classes.
    #[must_use]
    pub fn has_background(&self) -> bool {
        self.background
    }

    /// The architecture.
    #[must_use]
    pub fn network(&self) -> &Network {
        self.plan.network()
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

    /// What was guessed of the checkpoint: see [`Checkpoint::warnings`].
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The plan behind it.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Writes whatever is looked at to where a plan has its picture.
fn prepare(
    source: Source<'_>,
    preprocessor: &mut Preprocessor,
    plan: &mut Plan,
) -> Result<(), Error> {
    let row = stem::row(plan.network().resolution);
    match source {
        Source::Picture(picture) => {
            let threads = plan.threads().clone();
            preprocessor.run_on(&threads, picture, plan.picture(), row)
        }
        Source::Resized(cache) => preprocessor.run_resized(cache, plan.picture(), row),
        Source::Input(input) => plan.write(input),
    }
}
