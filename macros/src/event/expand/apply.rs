//! The trait `ApplyXEvent`, one handler a variant.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Attribute, Field};

use super::super::ast::{Content, EventEnum, Variant};
use super::borrowed;
use crate::name;

/// Expands to
///
/// ```text
/// trait ApplyXEvent { fn opened(&mut self, owner: String); … }
/// impl<A: ApplyXEvent> ApplyTo<A> for XEvent {
///     fn apply_to(self, aggregate: &mut A) {
///         match self { Self::Opened { owner } => ApplyXEvent::opened(aggregate, owner), … }
///     }
/// }
/// ```
pub(super) fn expand(event: &EventEnum<'_>) -> TokenStream {
    let (ident, apply) = (&event.input.ident, &event.apply);
    let declaration = declaration(event);
    let arms = arms(event, &quote!(Self));
    let replay_to = borrowed::expand(event);
    quote! {
        #declaration

        #[automatically_derived]
        impl<__A: #apply> ::rehydrate::ApplyTo<__A> for #ident {
            fn apply_to(self, __aggregate: &mut __A) {
                match self { #arms }
            }

            #replay_to
        }
    }
}

/// The trait alone.
pub(super) fn declaration(event: &EventEnum<'_>) -> TokenStream {
    let (vis, ident, apply) = (&event.input.vis, &event.input.ident, &event.apply);
    let handlers = event.handled().map(|variant| handler(event, variant));
    let doc = format!("What an aggregate does with each [`{ident}`]: one handler a variant.");
    let names: Vec<_> = event
        .handled()
        .map(|variant| variant.method.to_string())
        .collect();
    let names = name::list(names.iter().map(String::as_str));
    let message = format!("`{{Self}}` does not handle the events of `{ident}`");
    let label = format!("`{apply}` is not implemented for `{{Self}}`");
    let note =
        format!("write `impl {apply} for {{Self}}` with a handler for each variant: {names}");
    quote! {
        #[doc = #doc]
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
        #vis trait #apply {
            #(#handlers)*
        }
    }
}

fn handler(event: &EventEnum<'_>, variant: &Variant<'_>) -> TokenStream {
    let method = &variant.method;
    let docs = docs(&event.input.ident, variant);
    let ty = |field: &Field| {
        if event.lends(field) {
            quote!(&str)
        } else {
            field.ty.to_token_stream()
        }
    };
    let parameters: Vec<_> = match &variant.content {
        Content::Unit => Vec::new(),
        Content::Newtype(field) => {
            let ty = ty(field);
            vec![quote!(#method: #ty)]
        }
        Content::Unsupported(fields) => fields
            .iter()
            .map(|Field { ty, .. }| quote!(_: #ty))
            .collect(),
        Content::Struct(fields) => {
            let parameter = |field: &&Field| {
                let (ident, ty) = (&field.ident, ty(field));
                quote!(#ident: #ty)
            };
            fields.iter().map(parameter).collect()
        }
    };
    // With `self` that is one more than clippy's limit.
    let many = (parameters.len() > 6).then(|| {
        quote!(#[allow(clippy::too_many_arguments, reason = "one parameter a field of the event")])
    });
    quote! {
        #docs
        #many
        fn #method(&mut self #(, #parameters)*);
    }
}

/// The variant's own documentation, for the editors; or a sentence that says what it is.
fn docs(event: &Ident, variant: &Variant<'_>) -> TokenStream {
    let is_doc = |attr: &&Attribute| attr.path().is_ident("doc");
    let docs: Vec<_> = variant.attrs.iter().filter(is_doc).collect();
    if docs.is_empty() {
        let doc = format!("Takes [`{event}::{}`] into the state.", variant.ident);
        quote!(#[doc = #doc])
    } else {
        quote!(#(#docs)*)
    }
}

/// The arms of a match over an enum of this path with these variants, each with its handler.
pub(super) fn arms(event: &EventEnum<'_>, path: &TokenStream) -> TokenStream {
    let arms = event
        .variants
        .iter()
        .map(|variant| arm(event, path, variant));
    arms.collect()
}

fn arm(event: &EventEnum<'_>, path: &TokenStream, variant: &Variant<'_>) -> TokenStream {
    let (apply, ident, method) = (&event.apply, variant.ident, &variant.method);
    let lent = |field: &Field| event.lends(field).then(|| quote!(&));
    let (pattern, arguments) = match &variant.content {
        Content::Unit | Content::Unsupported(_) => (TokenStream::new(), TokenStream::new()),
        Content::Newtype(field) => {
            let lent = lent(field);
            (quote!((__content)), quote!(, #lent __content))
        }
        Content::Struct(fields) => {
            let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
            let lent = fields.iter().map(|field| lent(field));
            (quote!({ #(#names),* }), quote!(#(, #lent #names)*))
        }
    };
    quote!(#path::#ident #pattern => #apply::#method(__aggregate #arguments),)
}
