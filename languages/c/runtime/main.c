#include <stdio.h>

int main(void) {
    printf("Hello from C%ld!\n", __STDC_VERSION__ / 100 % 100);
    return 0;
}
