#include <math.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    char line[256];
    if (!fgets(line, sizeof line, stdin)) return (int)sqrt(4);
    line[strcspn(line, "\n")] = 0;
    printf("hello %s from c\n", line);
}
