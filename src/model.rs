//! The crate's main type: a network with its preprocessing, from picture to classes.

use crate::arch::Network;
use crate::classify::{Prediction, top_k};
use crate::error::Error;
use crate::kernels::{TileShape, stem};
use crate::plan::{ActivationMap, Gates, Inspector, Plan, Precision, Profile, Threads};
use crate::preprocess::{PicturePart, Preprocessing, Preprocessor, Rect, ResizeCache};
use crate::simd::Native;
#[cfg(feature = "foreign")]
use crate::weights::NamedFile;
use crate::weights::{ByteSource, Checkpoint, Flavour, Trim, Untrained, WeightSource};

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
    trimmed: usize,
    /// The plan that keeps every tensor, created on first use.
    inspector: Option<Inspector>,
}

/// How a checkpoint becomes a [`Model`].
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// What 1x1 convolutions compute with.
    pub precision: Precision,
    /// Side of the input in pixels, a multiple of 32; `None` for the size that the checkpoint was trained with. At any
    /// other size a network is less accurate than one that was trained with it.
    pub resolution: Option<usize>,
    /// Whether to remove channels that have the same value for every picture: see [`Trim`].
    pub trim: bool,
}

/// The input of a network, in one of three forms.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A picture of any size, or the part of it that [`Model::source`] names.
    Picture(PicturePart<'a>),
    /// A resized picture: a cache with every strip that [`Model::next_strip`] asked for.
    Resized(&'a ResizeCache),
    /// A preprocessed picture: `[y][x][rgb]`, normalised, `resolution` x `resolution`.
    Input(&'a [f32]),
}

impl Model {
    /// Loads a checkpoint: a `.safetensors` file of timm, torchvision or transformers, or a folded one. With the feature
    /// `foreign` also a `.pth` file of PyTorch, a `.tflite` file, or a model of Keras or Teachable Machine. `config` and
    /// `preprocessor_config` are the contents of `config.json` and `preprocessor_config.json`.
    ///
    /// # Errors
    /// Those of [`Checkpoint::open`], [`Preprocessor::new`] and [`Plan::new`].
    pub fn load(
        source: &dyn ByteSource,
        config: Option<&str>,
        preprocessor_config: Option<&str>,
    ) -> Result<Self, Error> {
        Self::load_with(source, config, preprocessor_config, LoadOptions::default())
    }

    /// [`Model::load`] with these options.
    ///
    /// # Errors
    /// Those of [`Model::load`], and [`Error::Resolution`].
    pub fn load_with(
        source: &dyn ByteSource,
        config: Option<&str>,
        preprocessor_config: Option<&str>,
        options: LoadOptions,
    ) -> Result<Self, Error> {
        Self::of(Checkpoint::open(source, config, preprocessor_config)?, options)
    }

    /// Loads a checkpoint of several files: see [`Checkpoint::open_files`].
    ///
    /// # Errors
    /// Those of [`Model::load`].
    #[cfg(feature = "foreign")]
    pub fn load_files(
        files: &[NamedFile<'_>],
        config: Option<&str>,
        preprocessor_config: Option<&str>,
        options: LoadOptions,
    ) -> Result<Self, Error> {
        Self::of(Checkpoint::open_files(files, config, preprocessor_config)?, options)
    }

    fn of(mut checkpoint: Checkpoint<'_>, options: LoadOptions) -> Result<Self, Error> {
        if let Some(resolution) = options.resolution {
            checkpoint.resize(resolution);
        }
        let network = checkpoint.network().clone();
        let preprocessing = checkpoint.preprocessing().clone();
        let mut model = Self::build(&network, preprocessing, &mut checkpoint, options)?;
        model.flavour = Some(checkpoint.origin());
        model.background = checkpoint.has_background();
        model.labels = checkpoint.labels().map(<[String]>::to_vec);
        model.warnings = checkpoint.warnings().to_vec();
        Ok(model)
    }

    /// Makes the network with random weights. It has the speed and size of a trained one; its predictions mean nothing.
    ///
    /// # Errors
    /// Those of [`Network::check`] and of [`Preprocessing::validate`].
    pub fn untrained(network: Network, seed: u64) -> Result<Self, Error> {
        Self::untrained_with(network, seed, Precision::F32)
    }

    /// [`Model::untrained`] with this precision.
    ///
    /// # Errors
    /// Those of [`Model::untrained`].
    pub fn untrained_with(
        network: Network,
        seed: u64,
        precision: Precision,
    ) -> Result<Self, Error> {
        let preprocessing = Preprocessing::imagenet(network.resolution);
        let options = LoadOptions { precision, ..LoadOptions::default() };
        Self::build(&network, preprocessing, &mut Untrained::new(seed), options)
    }

    fn build(
        network: &Network,
        preprocessing: Preprocessing,
        weights: &mut dyn WeightSource,
        LoadOptions { precision, trim, .. }: LoadOptions,
    ) -> Result<Self, Error> {
        network.check()?;
        let preprocessor = Preprocessor::new(preprocessing)?;
        let trim = match trim {
            true => Some(Trim::find(network, preprocessor.settings(), weights)?),
            false => None,
        };
        let plan = match &trim {
            Some(trim) => Plan::new(trim.network(), &mut trim.source(network, weights), precision)?,
            None => Plan::new(network, weights, precision)?,
        };
        Ok(Self {
            flavour: None,
            background: false,
            labels: None,
            warnings: Vec::new(),
            preprocessor,
            plan,
            trimmed: trim.map_or(0, |trim| trim.channels()),
            inspector: None,
        })
    }

    /// Computes the logits of a preprocessed picture: `[y][x][rgb]`, normalised, `resolution` x `resolution`.
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

    /// The rectangle that the network reads of a picture of `width` x `height` pixels.
    ///
    /// # Errors
    /// [`Error::ImageSide`].
    pub fn source(&mut self, width: usize, height: usize) -> Result<Rect, Error> {
        self.preprocessor.source(width, height)
    }

    /// Preprocesses a picture for [`Model::predict`]. [`Model::classify`] does both; use the two calls to time them
    /// separately.
    ///
    /// # Errors
    /// [`Error::ImagePart`] if the part lacks pixels of the crop.
    pub fn prepare<'a>(&mut self, picture: impl Into<PicturePart<'a>>) -> Result<(), Error> {
        self.prepare_source(Source::Picture(picture.into()))
    }

    /// The rectangle to read next of a picture of this `(width, height)` in pixels, given the rows that `cache` already
    /// has. A large picture is read in strips. `None` when the cache is complete: it is then a [`Source::Resized`].
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

    /// Resizes the strip that [`Model::next_strip`] asked for into `cache`. All networks with the same resize settings
    /// can use it.
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

    /// [`Model::prepare`] for any form of input.
    ///
    /// # Errors
    /// [`Error::ImagePart`], [`Error::Unread`], [`Error::InputLength`] and [`Error::InputValue`].
    pub fn prepare_source(&mut self, source: Source<'_>) -> Result<(), Error> {
        prepare(source, &mut self.preprocessor, &mut self.plan)
    }

    /// Runs the network on the preprocessed picture; returns the `k` most probable classes in descending order.
    pub fn predict(&mut self, k: usize) -> Vec<Prediction> {
        top_k(self.plan.run_picture::<Native>(), k, self.background)
    }

    /// Classifies a picture of any size; returns the `k` most probable classes in descending order. For an ImageNet
    /// network, `index` counts the 1000 ImageNet classes.
    ///
    /// # Errors
    /// [`Error::ImagePart`] if the part lacks pixels of the crop.
    pub fn classify<'a>(
        &mut self,
        picture: impl Into<PicturePart<'a>>,
        k: usize,
    ) -> Result<Vec<Prediction>, Error> {
        self.prepare(picture)?;
        Ok(self.predict(k))
    }

    /// Computes the classifier's input: an embedding, for use in other tasks. Its length is
    /// `network().classifier.in_channels`: at width 1.0, 1024 for V1 and V3-Small, 1280 for the others. It is the
    /// output of the pooling, or of the dense layer after it in V3 and V4.
    ///
    /// # Errors
    /// Those of [`Model::prepare_source`].
    pub fn embed(&mut self, source: Source<'_>) -> Result<&[f32], Error> {
        self.prepare_source(source)?;
        self.plan.run_picture::<Native>();
        Ok(self.plan.features())
    }

    /// Runs the network and keeps every tensor: see [`Inspector`]. The tensors stay in memory until
    /// [`Model::drop_inspector`].
    ///
    /// # Errors
    /// Those of [`Model::prepare_source`], and [`Error::OutOfMemory`].
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

    /// Computes the class activation map of `class`, or of the most probable class: see [`Inspector::activation_map`].
    /// Class indices, including the map's, count as in [`Model::classify`].
    ///
    /// # Errors
    /// Those of [`Model::inspect`], and [`Error::Class`] if there is no such class.
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

    /// Frees the memory of [`Model::inspect`].
    pub fn drop_inspector(&mut self) {
        self.inspector = None;
    }

    /// Makes these threads run the network. Several networks may share them. The number of threads doesn't change a bit
    /// of the logits.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the network then keeps its threads.
    pub fn set_threads(&mut self, threads: &Threads) -> Result<(), Error> {
        self.plan.set_threads(threads)?;
        self.inspector = None;
        Ok(())
    }

    /// Makes it use register tiles of this shape: see [`crate::plan::Speedups`]. The shape doesn't change a bit of the logits.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the network then keeps its shape.
    pub fn set_shape(&mut self, shape: TileShape) -> Result<(), Error> {
        self.plan.set_shape(shape)
    }

    /// Whether class 0 means "none of the others", as in Google's checkpoints of 1001 classes.
    #[must_use]
    pub fn has_background(&self) -> bool {
        self.background
    }

    /// The architecture.
    #[must_use]
    pub fn network(&self) -> &Network {
        self.plan.network()
    }

    /// The library that the weights come from; `None` for an untrained network.
    #[must_use]
    pub fn flavour(&self) -> Option<Flavour> {
        self.flavour
    }

    /// How pictures are prepared.
    #[must_use]
    pub fn preprocessing(&self) -> &Preprocessing {
        self.preprocessor.settings()
    }

    /// The class names of `config.json`, without the background.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// What the loader had to guess: see [`Checkpoint::warnings`].
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How many channels [`LoadOptions::trim`] has removed.
    #[must_use]
    pub fn trimmed(&self) -> usize {
        self.trimmed
    }

    /// The execution plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Writes the preprocessed input to the plan's picture.
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
