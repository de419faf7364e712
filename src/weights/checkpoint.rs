//! A checkpoint of timm, torchvision, transformers, TensorFlow Lite or Keras, or a folded file. Recognises its network,
//! checks its tensors, and returns weights with batch normalisation folded in.

use std::collections::BTreeSet;

use super::config::ConfigFiles;
use super::fold::BatchNorm;
use super::folded::Metadata;
use super::format::{self, Tensors};
#[cfg(feature = "foreign")]
use super::format::{
    NamedFile,
    folder::{Folder, is_json},
    keras,
    tflite::is_tflite,
    zip::is_zip,
};
#[cfg(feature = "foreign")]
use super::graph::{GraphFile, Normalisation};
#[cfg(feature = "foreign")]
use super::library::recognise_keras;
use super::library::{Conventions, Flavour, Recognised, recognise};
use super::{ByteSource, FoldedConv, WeightSource, widths};
#[cfg(feature = "foreign")]
use crate::arch::Version;
use crate::arch::{Config, Conv, MAX_CLASSES, Network, Site};
use crate::error::Error;
use crate::preprocess::Preprocessing;

/// ImageNet's 1000 classes after a `background` class, as in TensorFlow's checkpoints.
const IMAGENET_WITH_BACKGROUND: usize = 1001;

/// An open checkpoint. It has all tensors of its network in the right shapes; their values are read and checked one
/// convolution at a time.
pub struct Checkpoint<'a> {
    content: Content<'a>,
    flavour: Flavour,
    origin: Flavour,
    network: Network,
    eps: f64,
    preprocessing: Preprocessing,
    labels: Option<Vec<String>>,
    has_background: bool,
    warnings: Vec<String>,
}

/// The content of the file.
enum Content<'a> {
    /// Named tensors.
    Tensors(Box<dyn Tensors + 'a>),
    /// A graph of operators.
    #[cfg(feature = "foreign")]
    Graph(Box<GraphFile<'a>>),
}

impl<'a> Checkpoint<'a> {
    /// Opens a safetensors file. `config` and `preprocessor_config` are the contents of the JSON files beside it.
    /// Without them the library's conventions hold, and a checkpoint of timm counts as trained by timm: symmetric
    /// padding and eps 1e-5. For one of timm's `tf_*` networks, `config` must name the architecture; `{"architecture":
    /// "tf_mobilenetv3_small_100"}` is enough.
    ///
    /// A `.pth` file of PyTorch is as a safetensors file of the same tensors.
    ///
    /// Or opens a `.tflite` file, a model of Keras (`.keras`, `.h5`), or a zip archive of the files that
    /// [`Checkpoint::open_files`] takes, whose graph defines the network. The configuration files then only define the
    /// preprocessing and the class names. Without them the normalisation comes from the input tensor's quantisation or
    /// the file's metadata; if there is neither, the input values are assumed to be from -1 to 1.
    ///
    /// An HDF5 file of weights alone, as `save_weights` of Keras writes it, is a network of keras.applications with its
    /// preprocessing, of 224 pixels unless the configuration says another size.
    ///
    /// Or opens a folded file, which [`Checkpoint::fold`] makes. Its metadata defines everything; the configuration files
    /// may give other settings of the preprocessing and other class names.
    ///
    /// # Errors
    /// [`Error::code`] is `BAD_WEIGHTS` for a malformed file, `UNKNOWN_NETWORK` for an unknown network, `BAD_CONFIG`
    /// for a configuration that can't be read or contradicts the tensors, and `OUT_OF_MEMORY`.
    pub fn open(
        source: &'a dyn ByteSource,
        config: Option<&str>,
        preprocessor_config: Option<&str>,
    ) -> Result<Self, Error> {
        let config = ConfigFiles::parse(config, preprocessor_config);
        #[cfg(feature = "foreign")]
        {
            if is_tflite(source) {
                return Self::open_graph(GraphFile::open(source)?, Flavour::Tflite, &config?, None);
            }
            if is_zip(source) {
                return Self::open_folder(&Folder::archive(source)?, source.len(), &config?);
            }
            if keras::is_hdf5(source) {
                return match keras::open_hdf5(source)? {
                    keras::Hdf5::Model(model) => {
                        let graph = GraphFile::open_keras(model, None)?;
                        Self::open_graph(graph, Flavour::Keras, &config?, None)
                    }
                    keras::Hdf5::Weights(file) => {
                        let recognised = recognise_keras(&*file)?;
                        Self::open_recognised(file, &recognised, &config?)
                    }
                };
            }
            format::pytorch::refuse_older(source)?;
        }
        Self::open_tensors(format::open(source)?, &config?)
    }

    /// Opens a checkpoint of several files: the layers model of TensorFlow.js, `model.json` and the files of weights that
    /// it names, with the `metadata.json` of Teachable Machine or without. Any other file alone is as in
    /// [`Checkpoint::open`].
    ///
    /// # Errors
    /// Those of [`Checkpoint::open`].
    #[cfg(feature = "foreign")]
    pub fn open_files(
        files: &'a [NamedFile<'a>],
        config: Option<&str>,
        preprocessor_config: Option<&str>,
    ) -> Result<Self, Error> {
        if let [file] = files
            && !is_json(file.source)
        {
            return Self::open(file.source, config, preprocessor_config);
        }
        let config = ConfigFiles::parse(config, preprocessor_config)?;
        let length = files.iter().map(|file| file.source.len()).fold(0, u64::saturating_add);
        Self::open_folder(&Folder::Files(files), length, &config)
    }

    /// Opens the checkpoint in a folder of `length` bytes.
    #[cfg(feature = "foreign")]
    fn open_folder(
        folder: &Folder<'a>,
        length: u64,
        config: &ConfigFiles<'_>,
    ) -> Result<Self, Error> {
        if let Some(tensors) = format::pytorch::open(folder, length)? {
            return Self::open_tensors(tensors, config);
        }
        let Some(model) = keras::Model::open(folder, length)? else {
            return Err(folder.unknown());
        };
        let metadata = keras::Metadata::read(folder)?;
        let flavour = if metadata.is_some() { Flavour::TeachableMachine } else { Flavour::Keras };
        let conventions = flavour.library().conventions(Version::V2, true);
        let declared = metadata.is_some().then(|| {
            [conventions.mean, conventions.std].map(|values| values.map(|value| 255.0 * value))
        });
        let graph = GraphFile::open_keras(model, declared)?;
        let classes = graph.network().classes();
        let labels = metadata.map(|metadata| metadata.labels(classes)).transpose()?;
        Self::open_graph(graph, flavour, config, labels)
    }

    /// Opens a file of named tensors.
    fn open_tensors(file: Box<dyn Tensors + 'a>, config: &ConfigFiles<'_>) -> Result<Self, Error> {
        if let Some(metadata) = Metadata::read(file.metadata(), file.names().count())? {
            check_tensors(&*file, Flavour::Folded, &metadata.network)?;
            let preprocessing = own_preprocessing(config, &metadata.conventions)?;
            let (labels, has_background) = match labels(config, metadata.network.classes())? {
                (Some(labels), has_background) => (Some(labels), has_background),
                (None, _) => (metadata.labels()?, metadata.has_background),
            };
            let (warnings, Metadata { network, origin, .. }) = (metadata.warnings()?, metadata);
            return Ok(Self {
                content: Content::Tensors(file),
                flavour: Flavour::Folded,
                origin,
                network,
                eps: 0.0,
                preprocessing,
                labels,
                has_background,
                warnings,
            });
        }
        let recognised = recognise(&*file)?;
        Self::open_recognised(file, &recognised, config)
    }

    /// Opens a file of named tensors whose network is known.
    fn open_recognised(
        file: Box<dyn Tensors + 'a>,
        recognised: &Recognised,
        config: &ConfigFiles<'_>,
    ) -> Result<Self, Error> {
        let flavour = recognised.flavour;
        let conventions =
            flavour.library().conventions(recognised.version, config.tensorflow(recognised)?);
        let classes = class_count(&*file, recognised)?;
        config.check_network(recognised, classes)?;
        let preprocessing = config.preprocessing(&conventions)?;
        let network = Config {
            version: recognised.version,
            minimalistic: recognised.minimalistic,
            width: 1.0,
            resolution: preprocessing.crop,
            classes,
            padding: config.padding()?.unwrap_or(conventions.padding),
            rounding: conventions.rounding,
        };
        let network = fit_width(&*file, flavour, network, config)?;
        check_tensors(&*file, flavour, &network)?;
        let warnings = config.warnings(recognised, &conventions);
        let (labels, has_background) = labels(config, classes)?;
        Ok(Self {
            content: Content::Tensors(file),
            flavour,
            origin: flavour,
            network,
            eps: config.eps()?.unwrap_or(conventions.eps),
            preprocessing,
            labels,
            has_background,
            warnings,
        })
    }

    /// Opens a file with a graph. `own` are its class names.
    #[cfg(feature = "foreign")]
    fn open_graph(
        graph: GraphFile<'a>,
        flavour: Flavour,
        config: &ConfigFiles<'_>,
        own: Option<Vec<String>>,
    ) -> Result<Self, Error> {
        let network = graph.network().clone();
        let &Normalisation { mean, std, guessed } = graph.normalisation();
        let version = network.version.unwrap_or(Version::V1);
        let resolution = network.resolution;
        let conventions =
            Conventions { resolution, mean, std, ..flavour.library().conventions(version, true) };
        let preprocessing = own_preprocessing(config, &conventions)?;
        let mut warnings = Vec::new();
        if guessed && (preprocessing.mean, preprocessing.std) == (mean, std) {
            warnings.push(
                "the file doesn't tell how its input is normalised, so values from -1 to 1 are assumed: if it was trained \
                 with others, give a preprocessor_config.json with image_mean and image_std"
                    .to_owned(),
            );
        }
        let (labels, has_background) = labels(config, network.classes())?;
        Ok(Self {
            eps: graph.eps(),
            content: Content::Graph(Box::new(graph)),
            flavour,
            origin: flavour,
            network,
            preprocessing,
            labels: labels.or(own),
            has_background,
            warnings,
        })
    }

    /// The network of the checkpoint. Its width is that of the configuration, or else the first width multiplier with
    /// these channel counts; published widths are tried first.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Makes the network's input `resolution` pixels a side. Pictures are resized in proportion, so that the same part
    /// of them is seen. [`Network::check`] says whether a network can have that size.
    pub fn resize(&mut self, resolution: usize) {
        let Preprocessing { resize_short_side, crop, .. } = &mut self.preprocessing;
        *resize_short_side = resize_short_side.saturating_mul(resolution) / *crop;
        *crop = resolution;
        self.network.resolution = resolution;
    }

    /// The library that wrote the checkpoint.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The library that the weights come from: the flavour, or for a folded file that of the file that was folded.
    #[must_use]
    pub fn origin(&self) -> Flavour {
        self.origin
    }

    /// The preprocessing that the network expects.
    #[must_use]
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The class names without the background class, if the configuration has them.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// Whether class 0 is TensorFlow's background class, before ImageNet's 1000.
    #[must_use]
    pub fn has_background(&self) -> bool {
        self.has_background
    }

    /// Messages about settings that had to be guessed, because no file defines them, and that may be wrong.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The eps that is added to batch normalisation's variance; 0 if the file has batch normalisation already folded.
    #[must_use]
    pub fn eps(&self) -> f64 {
        self.eps
    }
}

impl WeightSource for Checkpoint<'_> {
    fn conv(&mut self, site: Site, conv: &Conv) -> Result<FoldedConv, Error> {
        let file = match &self.content {
            Content::Tensors(file) => &**file,
            #[cfg(feature = "foreign")]
            Content::Graph(graph) => return graph.conv(site, conv),
        };
        let module = self.flavour.module(&self.network, site)?;
        let tensor = format!("{}.weight", module.conv);
        let shape = self.flavour.weight_shape(site, conv);
        let mut weight = if scaled(file, self.flavour, &tensor) {
            let scales = file.read(&format!("{}.scale", module.conv), &[conv.out_channels])?;
            let mut weight = file.read_bytes(&tensor, &shape)?;
            let rows = weight.chunks_exact_mut(conv.weight_count() / conv.out_channels.max(1));
            for (row, scale) in rows.zip(scales) {
                row.iter_mut().for_each(|value| *value *= scale);
            }
            check_finite(&tensor, &weight, "finite after it is multiplied by its scale")?;
            weight
        } else {
            file.read(&tensor, &shape)?
        };
        if !normalised(self.flavour, conv) {
            let bias = file.read(&format!("{}.bias", module.conv), &[conv.out_channels])?;
            return Ok(FoldedConv { weight, bias });
        }
        let bias = batch_norm(file, &module.norm, conv.out_channels)?.fold(&mut weight, self.eps);
        for (tensor, values) in [(tensor, &weight), (format!("{}.bias", module.norm), &bias)] {
            check_finite(&tensor, values, "finite after batch normalisation is folded in")?;
        }
        Ok(FoldedConv { weight, bias })
    }
}

fn check_finite(tensor: &str, values: &[f32], expected: &'static str) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => {
            let (tensor, value) = (tensor.to_owned(), values[index]);
            Err(Error::TensorValue { tensor, index, value, expected })
        }
        None => Ok(()),
    }
}

/// Whether a layer's batch normalisation is in the file.
fn normalised(flavour: Flavour, conv: &Conv) -> bool {
    conv.batch_norm && flavour != Flavour::Folded
}

/// Whether a weight has bytes, and a scale for each output channel beside it.
fn scaled(file: &dyn Tensors, flavour: Flavour, weight: &str) -> bool {
    flavour == Flavour::Folded && file.is_bytes(weight)
}

/// The preprocessing of a file that defines the size of its input.
fn own_preprocessing(
    config: &ConfigFiles<'_>,
    conventions: &Conventions,
) -> Result<Preprocessing, Error> {
    let preprocessing = config.preprocessing(conventions)?;
    if preprocessing.crop != conventions.resolution {
        return Err(Error::ConfigValue {
            file: "config.json",
            field: "input_size",
            expected: format!("{} pixels, as the network takes", conventions.resolution),
            found: format!("{} pixels", preprocessing.crop),
        });
    }
    Ok(preprocessing)
}

fn norm_tensors(norm: &str) -> [String; 4] {
    ["weight", "bias", "running_mean", "running_var"].map(|part| format!("{norm}.{part}"))
}

fn batch_norm(file: &dyn Tensors, norm: &str, channels: usize) -> Result<BatchNorm, Error> {
    let [weight, bias, mean, variance] = norm_tensors(norm);
    let read = |name: &str| file.read(name, &[channels]);
    let norm = BatchNorm {
        weight: read(&weight)?,
        bias: read(&bias)?,
        mean: read(&mean)?,
        variance: read(&variance)?,
    };
    if let Some(index) = norm.variance.iter().position(|&variance| variance < 0.0) {
        let value = norm.variance[index];
        return Err(Error::TensorValue {
            tensor: variance,
            index,
            value,
            expected: "a variance of 0 or more",
        });
    }
    Ok(norm)
}

/// The class names without the background class, and whether there is a background class.
fn labels(config: &ConfigFiles, classes: usize) -> Result<(Option<Vec<String>>, bool), Error> {
    let labels = config.labels(classes)?;
    let background_label = labels.as_ref().is_none_or(|labels| labels[0] == "background");
    let has_background = classes == IMAGENET_WITH_BACKGROUND && background_label;
    let skipped = usize::from(has_background);
    Ok((labels.map(|labels| labels.into_iter().skip(skipped).collect()), has_background))
}

/// The class count: the rows of the classifier's weight.
fn class_count(file: &dyn Tensors, recognised: &Recognised) -> Result<usize, Error> {
    let &Recognised { version, minimalistic, .. } = recognised;
    let network = Network::new(&Config { minimalistic, ..Config::new(version) })?;
    let tensor = recognised.flavour.module(&network, Site::Classifier)?.conv + ".weight";
    let expected = recognised.flavour.weight_shape(Site::Classifier, &network.classifier);
    match file.shape(&tensor) {
        Some(&[classes, _, ..]) if (1..=MAX_CLASSES).contains(&classes) => Ok(classes),
        Some(found) => Err(Error::TensorShape { tensor, expected, found: found.into() }),
        None => Err(Error::MissingTensor { tensor, shape: expected }),
    }
}

/// Finds the width multiplier at which all weights have the network's shapes, or else the most weights, so that a later
/// check can name a malformed tensor.
fn fit_width(
    file: &dyn Tensors,
    flavour: Flavour,
    network: Config,
    config: &ConfigFiles,
) -> Result<Network, Error> {
    let claimed = config.width()?;
    let widths = claimed.map(|(width, _)| width).into_iter().chain(widths());
    let mut best = Network::new(&network)?;
    let sites = best.sites().count();
    let mut most = 0;
    for width in widths {
        let candidate = Network::new(&Config { width, ..network })?;
        let found = matches(file, flavour, &candidate);
        if found > most {
            (best, most) = (candidate, found);
        }
        if found == sites {
            break;
        }
    }
    if 4 * most < 3 * sites {
        return Err(Error::UnknownNetwork {
            reason: format!(
                "the tensors have the names of {flavour}'s {}, but only {most} of {sites} weights have its shapes at \
                 width {}, the nearest",
                network.version, best.width
            ),
        });
    }
    match claimed {
        Some((width, field)) if width != best.width => Err(Error::ConfigValue {
            file: "config.json",
            field,
            expected: format!("width {}, as the tensors have", best.width),
            found: format!("width {width}"),
        }),
        _ => Ok(best),
    }
}

/// Number of weights in the file that have the network's shape.
fn matches(file: &dyn Tensors, flavour: Flavour, network: &Network) -> usize {
    let fits = |&(site, conv): &(Site, &Conv)| {
        let module = flavour.library().module(network, site);
        module.is_some_and(|module| {
            let tensor = module.conv + ".weight";
            file.shape(&tensor) == Some(&flavour.weight_shape(site, conv)[..])
        })
    };
    network.sites().filter(fits).count()
}

/// Checks that the file has every tensor of the network in its shape, and no others.
fn check_tensors(file: &dyn Tensors, flavour: Flavour, network: &Network) -> Result<(), Error> {
    let mut known = BTreeSet::new();
    for (site, conv) in network.sites() {
        let module = flavour.module(network, site)?;
        let mut tensors =
            vec![(format!("{}.weight", module.conv), flavour.weight_shape(site, conv))];
        if scaled(file, flavour, &tensors[0].0) {
            let (weight, shape) = tensors.remove(0);
            file.check_bytes(&weight, &shape)?;
            known.insert(weight);
            tensors.push((format!("{}.scale", module.conv), vec![conv.out_channels]));
        }
        if normalised(flavour, conv) {
            tensors
                .extend(norm_tensors(&module.norm).map(|tensor| (tensor, vec![conv.out_channels])));
            // PyTorch's count of training steps.
            known.insert(format!("{}.num_batches_tracked", module.norm));
        } else {
            tensors.push((format!("{}.bias", module.conv), vec![conv.out_channels]));
        }
        for (tensor, shape) in tensors {
            file.check(&tensor, &shape)?;
            known.insert(tensor);
        }
    }
    match file.names().find(|&name| !known.contains(name)) {
        Some(tensor) => {
            let version =
                network.version.map_or("network".to_owned(), |version| version.to_string());
            let network = format!("{flavour}'s {version}");
            Err(Error::SurplusTensor { tensor: file.own_name(tensor).into(), network })
        }
        None => Ok(()),
    }
}
