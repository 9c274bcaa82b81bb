#include <stdio.h>

int main(void) {
  puts("trialhead 0.1.0");
  return 0;
}
