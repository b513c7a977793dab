//! Looks for a payload that the code accepts.

use super::super::lock::{Node, Step};
use super::Refused;
use super::example::{Choices, Example, example};

/// How many payloads are tried at most.
const TRIES: usize = 4_000;

/// The first payload of the shape that is accepted, as the acceptance returns it; or why the
/// likeliest one was refused.
pub(super) fn search(
    shape: &Node,
    accept: impl FnMut(&str) -> Result<String, Refused>,
) -> Result<String, String> {
    let mut search = Search {
        shape,
        accept,
        tries: 0,
        first: None,
    };
    let start = match search.attempt(&Choices::new()) {
        Ok(found) => return Ok(found),
        Err(start) => start,
    };
    search
        .alike(&start.places)
        .or_else(|| search.one_by_one(start.rest))
        .or_else(|| search.pairs(&start.places))
        .ok_or(search.first.unwrap_or_default())
}

struct Search<'a, A> {
    shape: &'a Node,
    accept: A,
    tries: usize,
    first: Option<String>,
}

/// Where one stands after a payload was refused.
struct Standing {
    rest: usize,
    places: Vec<(Vec<Step>, usize)>,
}

impl<A: FnMut(&str) -> Result<String, Refused>> Search<'_, A> {
    fn attempt(&mut self, choices: &Choices) -> Result<String, Standing> {
        let Example { payload, places } = example(self.shape, choices);
        if self.tries >= TRIES {
            let rest = usize::MAX;
            return Err(Standing { rest, places });
        }
        self.tries += 1;
        (self.accept)(&payload.to_string()).map_err(|refused| {
            self.first.get_or_insert(refused.reason);
            let rest = refused.rest;
            Standing { rest, places }
        })
    }

    /// Every place with the same number.
    fn alike(&mut self, places: &[(Vec<Step>, usize)]) -> Option<String> {
        let most = places.iter().map(|(_, options)| *options).max()?;
        (1..most).find_map(|number| {
            let choices = places.iter().map(|(path, _)| (path.clone(), number));
            self.attempt(&choices.collect()).ok()
        })
    }

    /// Place after place: the payload is read from its start, so the best choice for a place is the
    /// one after which the error comes latest.
    fn one_by_one(&mut self, rest: usize) -> Option<String> {
        let mut choices = Choices::new();
        let mut best = rest;
        let mut index = 0;
        loop {
            let places = example(self.shape, &choices).places;
            let (path, options) = places.get(index)?;
            let mut chosen = None;
            for number in 1..*options {
                let mut tried = choices.clone();
                tried.insert(path.clone(), number);
                match self.attempt(&tried) {
                    Ok(found) => return Some(found),
                    Err(standing) if standing.rest < best => {
                        best = standing.rest;
                        chosen = Some(number);
                    }
                    Err(_) => {}
                }
            }
            if let Some(number) = chosen {
                choices.insert(path.clone(), number);
            }
            index += 1;
        }
    }

    /// Every two places, for an error that does not say where it comes from.
    fn pairs(&mut self, places: &[(Vec<Step>, usize)]) -> Option<String> {
        for (index, (first, options)) in places.iter().enumerate() {
            for (second, more) in places.iter().skip(index + 1) {
                for number in 0..options * more {
                    if self.tries >= TRIES {
                        return None;
                    }
                    let mut choices = Choices::new();
                    choices.insert(first.clone(), number / more);
                    choices.insert(second.clone(), number % more);
                    if let Ok(found) = self.attempt(&choices) {
                        return Some(found);
                    }
                }
            }
        }
        None
    }
}
