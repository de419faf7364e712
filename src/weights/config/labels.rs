//! The class names. They stay in the file's text until the network's class count is known, because a list or a map of
//! short names would take many times as much memory as their text.

use super::{CONFIG, bad};
use crate::buffer::with_room;
use crate::error::Error;
use crate::sort::sort_by;
use crate::weights::json::Json;

/// The fields with names. Their values are checked to be strings.
#[derive(Default)]
pub(super) struct Labels<'a> {
    /// transformers: a map from class index to name.
    pub id2label: Option<Json<'a>>,
    /// timm: a list of names, or a map from class index to name.
    pub label_names: Option<Json<'a>>,
    /// timm: a map from name to description.
    pub label_descriptions: Option<Json<'a>>,
}

impl<'a> Labels<'a> {
    /// Checks that `value` is a map of strings.
    pub fn map(value: Json<'a>) -> Result<Json<'a>, String> {
        value.entries(|key, label| {
            label.string().map(|_| ()).map_err(|error| format!("`{key}`: {error}"))
        })?;
        Ok(value)
    }

    /// Checks that `value` is a list or a map of strings.
    pub fn names(value: Json<'a>) -> Result<Json<'a>, String> {
        if !is_list(value) {
            return Self::map(value);
        }
        value.elements(|label| label.string().map(|_| ()))?;
        Ok(value)
    }

    /// The names of the network's `classes` classes; `None` if the file has none.
    pub fn of(&self, classes: usize) -> Result<Option<Vec<String>>, Error> {
        if let Some(labels) = self.id2label {
            let labels = numbered("id2label", labels, classes)?;
            // For a network without names, transformers writes `LABEL_0`, `LABEL_1` and so on.
            let named = labels.iter().any(|label| !label.starts_with("LABEL_"));
            return Ok(named.then_some(labels));
        }
        let Some(names) = self.label_names else {
            return Ok(None);
        };
        let mut names = if is_list(names) {
            listed("label_names", names, classes)?
        } else {
            numbered("label_names", names, classes)?
        };
        if let Some(descriptions) = self.label_descriptions {
            describe(&mut names, descriptions)?;
        }
        Ok(Some(names))
    }
}

fn is_list(value: Json<'_>) -> bool {
    value.text().starts_with('[')
}

/// Reads a list of exactly `classes` labels.
fn listed(field: &'static str, value: Json<'_>, classes: usize) -> Result<Vec<String>, Error> {
    let mut labels = with_room(classes)?;
    let mut found = 0;
    let walked = value.elements(|label| {
        found += 1;
        if found <= classes {
            labels.push(label.string()?.into_owned());
        }
        Ok(())
    });
    walked.map_err(malformed)?;
    if found == classes {
        return Ok(labels);
    }
    let expected = format!("a name for each of {classes} classes");
    Err(bad(CONFIG, field, expected, format!("{found} names")))
}

/// Reads a map with a label for each of the indices 0 to `classes - 1` and no others.
fn numbered(field: &'static str, value: Json<'_>, classes: usize) -> Result<Vec<String>, Error> {
    let mut labels: Vec<Option<String>> = with_room(classes)?;
    labels.resize(classes, None);
    let mut found = 0;
    let walked = value.entries(|key, label| {
        let class = key.parse().ok().filter(|class: &usize| class.to_string() == key);
        match class.and_then(|class| labels.get_mut(class)) {
            Some(slot) => {
                found += usize::from(slot.is_none());
                *slot = Some(label.string()?.into_owned());
            }
            None => found += 1,
        }
        Ok(())
    });
    walked.map_err(malformed)?;
    let all = if found == classes { labels.into_iter().collect() } else { None };
    all.ok_or_else(|| {
        let expected = format!("a label for each of 0 to {}", classes.saturating_sub(1));
        bad(CONFIG, field, expected, format!("{found} labels"))
    })
}

/// Replaces each name by its description, if it has one.
fn describe(names: &mut [String], descriptions: Json<'_>) -> Result<(), Error> {
    let mut described: Vec<Option<String>> = with_room(names.len())?;
    described.resize(names.len(), None);
    let mut by_name: Vec<usize> = with_room(names.len())?;
    by_name.extend(0..names.len());
    sort_by(&mut by_name, |&a, &b| names[a].cmp(&names[b]));
    // A name that many classes have must not multiply a long description. Two may have one, as ImageNet's cranes.
    let mut left = 2 * descriptions.text().len();
    let walked = descriptions.entries(|name, description| {
        let text = description.string()?;
        let first = by_name.partition_point(|&class| *names[class] < *name);
        for &class in by_name[first..].iter().take_while(|&&class| names[class] == name) {
            left = left
                .checked_sub(text.len())
                .ok_or_else(|| description.error("it is too long for so many classes"))?;
            described[class] = Some(text.clone().into_owned());
        }
        Ok(())
    });
    walked.map_err(malformed)?;
    for (name, description) in names.iter_mut().zip(described) {
        if let Some(description) = description {
            *name = description;
        }
    }
    Ok(())
}

fn malformed(reason: String) -> Error {
    Error::ConfigJson { file: CONFIG, reason }
}
