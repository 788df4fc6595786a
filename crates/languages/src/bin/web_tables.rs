//! Writes the web IDE's tables from `languages/`. Run it from the repository's root after a change there.

use engunity_languages::{Catalog, web};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let catalog = Catalog::load("languages")?;
    std::fs::write(web::PATH, web::tables(&catalog))?;
    Ok(())
}
