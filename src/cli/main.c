#include <stdio.h>

int main(void) {
  puts("trialhead " TH_VERSION);
  return 0;
}
