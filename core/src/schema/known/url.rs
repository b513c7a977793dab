//! `url`.

use crate::schema::{Describe, TypeSchema};

impl Describe for url::Url {
    const TYPE: TypeSchema = TypeSchema::Value("url");
}
