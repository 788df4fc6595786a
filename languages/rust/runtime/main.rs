fn main() {
    let name = "Rust";
    println!("Hello from {name}!");
}
