#include <iostream>

int main() {
    std::cout << "Hello from C++" << __cplusplus / 100 % 100 << "!\n";
}
