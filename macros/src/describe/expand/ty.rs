//! The description of a type that stands somewhere in the code.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{GenericArgument, GenericParam, Generics, Path, PathArguments, Type};

use crate::text;

/// Describes types by asking the compiler; what it does not know is told by the syntax.
pub(super) struct Types<'a> {
    /// The type in which they stand, whose description cannot be asked for its own.
    own: Option<(&'a Ident, &'a Generics)>,
}

impl<'a> Types<'a> {
    pub(super) fn anywhere() -> Self {
        Self { own: None }
    }

    pub(super) fn within(own: &'a Ident, generics: &'a Generics) -> Self {
        Self {
            own: Some((own, generics)),
        }
    }

    /// Expands to
    ///
    /// ```text
    /// seen(
    ///     Probe::<Option<Money>>::TYPE,
    ///     TypeSchema::Optional(const { &seen(Probe::<Money>::TYPE, TypeSchema::Opaque("Money")) }),
    /// )
    /// ```
    pub(super) fn shape(&self, ty: &Type) -> TokenStream {
        let written = self.as_written(ty);
        if self.mentions_own(ty.to_token_stream()) {
            return written;
        }
        quote! {
            ::rehydrate::__private::seen(::rehydrate::__private::Probe::<#ty>::TYPE, #written)
        }
    }

    /// What the syntax says, for the types that everybody has in scope.
    fn as_written(&self, ty: &Type) -> TokenStream {
        let schema = quote!(::rehydrate::schema::TypeSchema);
        match ty {
            Type::Group(group) => self.as_written(&group.elem),
            Type::Paren(paren) => self.as_written(&paren.elem),
            Type::Reference(reference) => self.shape(&reference.elem),
            Type::Slice(slice) => {
                let each = self.shape(&slice.elem);
                quote!(#schema::List(const { &#each }))
            }
            Type::Array(array) => {
                let (each, length) = (self.shape(&array.elem), &array.len);
                quote!(#schema::Array { of: const { &#each }, length: #length })
            }
            Type::Tuple(tuple) if !tuple.elems.is_empty() => {
                let parts = tuple.elems.iter().map(|part| self.shape(part));
                quote!(#schema::Tuple(const { &[#(#parts),*] }))
            }
            Type::Path(path) if path.qself.is_none() => self
                .well_known(&path.path)
                .unwrap_or_else(|| opaque(&text::of(ty))),
            _ => opaque(&text::of(ty)),
        }
    }

    fn well_known(&self, path: &Path) -> Option<TokenStream> {
        let schema = quote!(::rehydrate::schema::TypeSchema);
        let last = path.segments.last()?;
        if path.segments.len() == 1 && self.is_own(&last.ident) {
            let (own, generics) = self.own?;
            // With other arguments it is another type, of which nothing is known.
            if !is_with_own(&last.arguments, generics) {
                return None;
            }
            let name = text::of_ident(own);
            return Some(quote!(#schema::Recursive(#name)));
        }
        let root = path.segments.first()?;
        let is_standard = || {
            ["std", "core", "alloc"]
                .iter()
                .any(|name| root.ident == name)
        };
        if path.segments.len() > 1 && !is_standard() {
            return None;
        }
        let arguments = types_in(&last.arguments);
        let shapes: Vec<_> = arguments.into_iter().map(|ty| self.shape(ty)).collect();
        Some(match (last.ident.to_string().as_str(), shapes.as_slice()) {
            ("Option", [some]) => quote!(#schema::Optional(const { &#some })),
            ("Box" | "Rc" | "Arc" | "Cow", [inside]) => inside.clone(),
            ("Vec" | "VecDeque", [each]) => quote!(#schema::List(const { &#each })),
            ("BTreeSet", [each]) | ("HashSet", [each, ..]) => {
                quote!(#schema::Set(const { &#each }))
            }
            ("BTreeMap", [key, value]) | ("HashMap", [key, value, ..]) => {
                quote!(#schema::Map { key: const { &#key }, value: const { &#value } })
            }
            _ => return None,
        })
    }

    fn is_own(&self, ident: &Ident) -> bool {
        self.own
            .is_some_and(|(own, _)| ident == "Self" || ident.unraw() == own.unraw())
    }

    fn mentions_own(&self, tokens: TokenStream) -> bool {
        self.own.is_some()
            && tokens.into_iter().any(|token| match token {
                TokenTree::Ident(ident) => self.is_own(&ident),
                TokenTree::Group(group) => self.mentions_own(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => false,
            })
    }
}

fn is_with_own(arguments: &PathArguments, generics: &Generics) -> bool {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return true;
    };
    let own = generics.params.iter().map(|parameter| match parameter {
        GenericParam::Type(parameter) => parameter.ident.to_string(),
        GenericParam::Lifetime(parameter) => text::of(&parameter.lifetime),
        GenericParam::Const(parameter) => parameter.ident.to_string(),
    });
    let own: Vec<_> = own.collect();
    let given: Vec<_> = arguments.args.iter().map(text::of).collect();
    own == given
}

/// Whether serde knows by the name that it may be missing.
pub(super) fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Option"),
        Type::Group(group) => is_option(&group.elem),
        _ => false,
    }
}

fn types_in(arguments: &PathArguments) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return Vec::new();
    };
    let arguments = arguments.args.iter();
    arguments
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

/// Expands to what is not described.
pub(super) fn opaque(code: &str) -> TokenStream {
    quote!(::rehydrate::schema::TypeSchema::Opaque(#code))
}
