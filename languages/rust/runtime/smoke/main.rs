fn main() -> std::io::Result<()> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    println!("hello {} from rust", line.trim_end());
    Ok(())
}
