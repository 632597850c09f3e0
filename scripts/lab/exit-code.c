/* The only program of the image without a shell: says hello, exits with the code it is given. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  printf("hello from an image without a shell\n");
  return argc > 1 ? atoi(argv[1]) : 0;
}
