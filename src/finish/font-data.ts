/*
 * The shapes of letters for pictures with text, where no fonts are installed: DejaVu Sans at 16 pixels,
 * hinted and in 16 levels of grey, as FreeType draws it.
 *
 * Copyright (c) 2003 by Bitstream, Inc. All Rights Reserved. Bitstream Vera is a trademark of
 * Bitstream, Inc. DejaVu changes are in public domain.
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of the fonts
 * accompanying this license ("Fonts") and associated documentation files (the "Font Software"), to
 * reproduce and distribute the Font Software, including without limitation the rights to use, copy,
 * merge, publish, distribute, and/or sell copies of the Font Software, and to permit persons to whom
 * the Font Software is furnished to do so, subject to the following conditions:
 *
 * The above copyright and trademark notices and this permission notice shall be included in all
 * copies of one or more of the Font Software typefaces.
 *
 * The Font Software may be modified, altered, or added to, and in particular the designs of glyphs
 * or characters in the Fonts may be modified and additional glyphs or characters may be added to the
 * Fonts, only if the fonts are renamed to names not containing either the words "Bitstream" or the
 * word "Vera".
 *
 * This License becomes null and void to the extent applicable to Fonts or Font Software that has been
 * modified and is distributed under the "Bitstream Vera" names.
 *
 * The Font Software may be sold as part of a larger software package but no copy of one or more of
 * the Font Software typefaces may be sold by itself.
 *
 * THE FONT SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
 * BUT NOT LIMITED TO ANY WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
 * NONINFRINGEMENT OF COPYRIGHT, PATENT, TRADEMARK, OR OTHER RIGHT. IN NO EVENT SHALL BITSTREAM OR THE
 * GNOME FOUNDATION BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, INCLUDING ANY GENERAL,
 * SPECIAL, INDIRECT, INCIDENTAL, OR CONSEQUENTIAL DAMAGES, WHETHER IN AN ACTION OF CONTRACT, TORT OR
 * OTHERWISE, ARISING FROM, OUT OF THE USE OR INABILITY TO USE THE FONT SOFTWARE OR FROM OTHER
 * DEALINGS IN THE FONT SOFTWARE.
 *
 * Except as contained in this notice, the names of Gnome, the Gnome Foundation, and Bitstream Inc.,
 * shall not be used in advertising or otherwise to promote the sale, use or other dealings in this
 * Font Software without prior written authorization from the Gnome Foundation or Bitstream Inc.,
 * respectively. For further information, contact: fonts at gnome dot org.
 */

/** The characters that there are; the last one stands for all others. */
export const CHARACTERS =
  " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ…–—‘’“”•→−≈≠≤≥∞√∂∑∆ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξπρστυφχψω�";

/** Pixels from the top of a line to its bottom, and to the letters' base line. */
export const LINE = { height: 21, base: 16 } as const;

/**
 * Deflated, in Base64: for each character two bytes, its advance and its width in pixels; then for
 * each its pixels, row by row, four bits of coverage each.
 */
export const GLYPHS =
  "zXwJfFvVme//SvdK92pxLi08wpDE6u/RYWmxxPDrwAATiQ59jyWNlMINoYRIfdMMfZDGotOUmV8TS4Tll5YkEqVM5w1EEksY" +
  "2hJbZEo6KYktypIEEkueAtltOQlZbMfyIsuWF93pd66dmMR2LC/wvjjfvbrbd853zvnOt50jCAaD0Wi1mkwzZlgsPG8wGAyi" +
  "aLUKgsEgCILBNAIIgiBYGYiiLJsZWCwmkyRZLBYL3TWZJamkxGKh71qtZjO9ZbGYzfS0yWQ2GwyCwWCwWkVJFOmeJBE2MGo8" +
  "z/OSxPOyPETPaBRFuidJVqskSewdQaAvGwxnyySKVBq6Z7XSkWqh1WbovnYuMxBF8zDQynW2dgRUF+tnwDII53NElrUaDJZf" +
  "oH+ffYI4MQT0rCRRGWSZKFFZqW7DwWTWSihJZrPGQaKrlYJ+ad/QqAqCdjb0W6Mx9K58ESYLUtu5f2IaYuozd8eEdWJKTK0b" +
  "Olyhd2FKwJC2BgE8z3UBsITdMoCcMQU0qKqquvjvfrzkuQXAH3SdAEp8ywEL3ejCtzYopxQbzDG7DUCXMTXREhj9g8iY7H8J" +
  "gUef+wU20c/IDX7g8sIOGbgpcwww/uggPbcNv7ry53ncmRl4bNi74Ivgx80tLpjDsLwUkYVGcFkuy30ClLpKXWsB7DI2znUA" +
  "+tp3zWGNRY03t3gA7rhl83oZeB5dxKy5jhmeUg8sQXxgbIShDvrq9ybbFsldMuDdstIGVLIrEWoO2N8gXN0HfMfYFYjpu6xx" +
  "Y97QXhJGYG3YXAdRlfV9rpsyYdycabqyZ3zEqB/RP934GCfF4XRhE7iT4LsgtlN/NaUJGzqhywEfAEtkWIPg/SMRA3cC2AB4" +
  "XSgNwhqHOUV/lgRKYrD7sFzGVug7IPhGLXAQN4jBH8/b+vy7KM9B2HPIc/+Nj79J16GzYWrhOMMlvnN+CNT3+/BVxfuc4hr9" +
  "samAr/v1PaiQTcHxPc5dJLvVtotvm4xYEHLwjlF6uwsVwB/AdcHQCHMcc3zwyvgtcAJ8B6QErOMoLLfhlA2WEz88Aq9P30P9" +
  "fA92A1E0AyEbQ+xnNd0IePR5zKaHddUtjuJqc01DJ/DtbSS3xPEh4b7c3ZhBDVwUfLdhv4wPV0Tr4IAxB0DXozETmJ0CuHoH" +
  "YDkKoNIBSHQSfU65mwRsvjhCdySbXfjpk+uovDp6lyN0ZxZIFlzAt9Yeo2st9Oh2eqQZW5VIFmsbDjiK7Qo1MUDIxIA5FTFg" +
  "Q0kM+mxJDJZYSQwVcklMdxwlMZ5GwwJF8b5pAw3jQVQEeFU1De8KxQUvFVFDmQM23LUi2khSnQmzg4Saiac92KpEG7FePVDs" +
  "gL+p9RUITf/w75hDQj1AcnXTugE/ak8+3IMGH2pRIyNkqyJU7kEtLCcf7gZX3V/kcK5R1X58Q7mXWkZic2aC6kQysUYGuF6a" +
  "sNhcm/7zJScVJkS1bil6sFa3+ODeuyyHqIyDiAKH4H75qhz4jOpD2Y6HctQJqol5UXkPnXnfvK8bfG1LkTXS1+6XUfZ+RR2q" +
  "Zb6b2uEQoXrsgU6F96VbVAgNvdsBvbyfJrFO/M1PojHcou4rskbOsD4/+s9RCpfXeDgIuh1wBo2NeG1C8o/1qRupt12Z3GfD" +
  "pclTLsDd9z3qiOoW6jLcSu2oW6m+ycivi2t0MY3gpWEW1ymKotwz1PhD85CiKK5pIappvEKThx1qTjEqlyb3M0nyNyQZwEd6" +
  "CQ08C92Gwi8BLNnIBLw8IYJ8dbPL8i/rG3UQugBDFvh2HPo+GZYUYI0B5sHJhWRMsXLmPJi5veVZqtjpp35QEwTKg4BwkpQb" +
  "JoWMCV31/vdNYbPPvHdlzpAocTkdupyQKnF5gePGhMXntOly5rAUs8ak7vWyPstn+pLvABHPxa6/opHf9/e6ZcS6eWphJyP4" +
  "jfE0UxV15TkFGkW9JCOqS+OAPVwlQ8wK3cBhkibuIKIOSVXVPNeiKA+kyv1A4P7GQdlSJATUgZdhzCmROgQcKPcYO4n9Accl" +
  "tbJRVQccCCxdVOswdtLHAw5YE3Tah8BSJekzqmrBPwHe614o7IDYv2JtFzWv4KqhPmUlManVoJQ17iGmdXYM6b9XILRjUdKD" +
  "xZn+CXX4gHr6PSCw9N5kjCoi9RBGg0w45CBc7jmLtSsN9MxleQSWPpSJIaA2PzsxymqBGHYPozgc0RAOLFXuPu/GUkWRA6qq" +
  "2ooj02XMKYqNPmHsHPyWkaajwFLFdfbKZ06KbrrWD2wI7L23JkFtp/Ob2UdY4w22W2kMpWqHNQHhux3mDkDsEPpkiB0I7V24" +
  "rgP8HnX/BJV1KrA9OComkRgkDpQHx36yCHoBx6hotGYY/Q2xA1WIhkueuQBR/rQt4OBbZGMn3y8j8I0+GcYe0kkDA/RAHw2S" +
  "wE15etbcQxTN3fSaOUelmpUrsnee1yXGOlmq3EN8noCtb1RtEFSPsRCEKeMx9qZQWuUxdmVRUe4xduzCB16PsaNC10UH+6I0" +
  "HcybwnQwqA46cB+ADiSfhw6TkP/Gggyn36gGCfc3Es7mCXdU2gjbw4SlDsK6PGFE3YTnJAmLKmEu459wAfSbWoKAoWXF+j9C" +
  "1wfMjSFqA0IuGkv6HiYJS2M0pLheJgudQRKGYifsceibgeiORa0uYFnm4ASHU0Dt9yGwdFk3Ag7uMDVyFUnDGgQcV/eSOHkR" +
  "gaW34jzh5JhgjW+qp5lw+Y5FLTZWhyYm3cXsYO20qg7WmzEhr3HEw9iTgtS/Yv1RwFCr/pc2WWrzQK2jmE6o7pSpzn3Un61t" +
  "rNI2GjtpqnWOHshTN3+4iz3AJkWvn/p+PfGG5uBitZr+5+DdsWgr2bgcM2JQ8zKZ9yqpUnckmRmXpCYMuOQ/awDygaX39eKh" +
  "BvXFoujMIOn3sbLkPcWFEtJJi0LFQhUzb8eDo2D6hI3Y6QySLiflH6zxAOta351QLzIzRafcBwQWNJMVJXWQLewOkhl1mGYi" +
  "sZPvHtSaUD0nPqRLMbVK07AmDuUe2NMwdtqDWE69xhrH83tREjelsfM3ZHpkuewqBFz6HqHNaasEmqVEie8gUGkJml8iYe30" +
  "GD/JAs4qme9tA0r6gUwCMOeBZBCTA/MR4LBcFkfIg3KPMwZUz2oEdKe7mEpK83eGrOqq8hjgDUZdmJPiDstSFnyezw/aq8US" +
  "dK9uIsU04BE7YWl0BqFr2kO9OTu1vU5HHbz9EkW5lyZB5lMB9SMEqEXdpICUHSGzmuhKNE4FVuFWRVEWMAtqvNOFSY2bPnaY" +
  "UrjAnxrXKyPInn3AC4DbhhI/THEI7eCOA2+BPJylHphjMKahy47q5VRTuvtTkC7wR4+Nx/LTP8WY10oM0R2+Kgdwh2SxC9xu" +
  "WXND/H8P1HTXX3/99Z9hNZmIqJCZW3qagd8w8AyE39/HRLfbwa3NqB7TyaXlvpIg3ISiPvN/XZrx6Sr7vcV5VqT0Z9HRyr2Q" +
  "Bp6q8ktdMKWYZ11Kg++S2uksB3NKGlBCfunTzN6JV0dX3eLXnV7xNLbLQEkY4Khr0Am7om9Wnoa+uqVIMfnhMCTU/+5DuLes" +
  "asZu6PvQAxzUddMNOsOHpO24f/HtPggNJz+cVMvoq1tcmLt32RFUyziAU8AGjnoLmhRFwSZyQ5TtW/gb6LYXXhmnfpBM2ze6" +
  "3C6Tqj4bWuHwunD+3wTc6mMyhF1zP/dAM4SGE+RA03XjMmVxIy5Xmy+k2kTOQdec9iO67+Esoh6uiebebXRjZHRBWI+HGT73" +
  "3/if3CAcKNk8RtFZtx88KQ9GEPBL6ZAPkYgHUiEORObGIaXnxhHB/LiUxvwLDHYxPfK/yQsB6Ujl+8bazTQ8a9Y+2AypC6V1" +
  "CMhSG7mivC4pDWsY7gsep1AuSZ8m90LqXxBySVlYY1IbzAkpPQqaFKV5rZvB9z9YL5tTKAvOCMOcsPthSs0Iw5KwpGAP871K" +
  "rY09N6kaHW/YC6mwIHCeAGRn7NoZAXiO8CwOHmieF+f7HqyPWxJwxmdQPNLuh4XOSuKWFNxxPq/Ux/FAYSV1Octn0YUgsjgv" +
  "DXzHEfWxmH5EK+HZQ3FwdcMuec+K+75CUvrw48DV6hZAH/IBM57dqVTduq31zQt+YxGjG4GkqkcrFVdk8Cf9hQDvCpfYMIEx" +
  "8jqJsJHQJkLrZa4Z9pfmkZw/MXE5X+6Cue4UdD2mNEI2t8caR5M+B6k9KsO5PAbUdpExPzUzfRaBsL6rJGjuR0DehqZ2c8LY" +
  "7rZ7TsG9KLXL6cGpreKOdphrPe7dQKAdmTD0/TBPXo+anYLX7wyXJRC46whQnQMM/aS554DayzoRcs2uc4fhnJjbm5zpu60x" +
  "2P0hWWrUdaMJplS5A+55CeBQTvOGoDTMgjf4FplVfeN0KpBa/oaiBILQHQRm1QGVNrLpKZCsb1aU/0Whi3EXlNuUBQw9C4ZG" +
  "dmoImSiOuiQMzBiQASFKlhKTamcfYW8wLxVXQ9o1d+t5NrIPufGgUWCApNu9p85oOtvOoNeZO+URKpPqogQOGTQIhj/yFvGq" +
  "idTZPwH45lRNAjK3tv9X1z2NxU++kOl3UBTqtqmcYoZlJYkpSlg6P4tpLLiO0OYhtLLwMsw97/8YXv9miklupiSXoTN2zUJ3" +
  "ucrCO8Nf074yJlxWvwWI/sv/04LELPqu7x5CNaoaxF/nFduwawvzyj1kWPRPhjvcu8DXHdENp1pky76V7bDbcBxOG07A+ga5" +
  "uzP9TdwJnWM+uXW44nT0bsDt2URRfLtPT/OeOQVdzulBZqBGteHaTiDDwgNm6vnnoHHBOZ1+1GvnwoYmj3RioY8IGfodMO7p" +
  "gVNeH3d7+E7LMT7LRffEwJFdbo0LtrKwpPbbwI8uS/SP3+gwdHl9mHYwVDcTFe6DWy9+XQYorUaMAXfpKpscvwNemf2uznEn" +
  "8LZXBmYBb68CO75Cv+8E7pr9oo6eM62ubLmdPJUfOPT0naHvTsYVnfkE+ovmu4Ra1V/yI0uw1OMNiuo25gwqoc47JYICMnQJ" +
  "yYO5z2y3CSdn/RGWunIPdIcu6wJmJQIucGHBM23cHxbCfktzsmiTwm+1XjDlIeyHW7fQYdYrF935NsDSAX4O8PHAwC/MLphc" +
  "q/T7+Bgs8ipuH5eARQ6oL3IJui7W8THw8VXcfrMLeO1/48af03dexk1vD/vuRJUZNYcvX3/dlNbUeNiP+bcdxT/jV5h/2zH2" +
  "e9qguHy4J4DBDIXBx4qEaw8Hv6z/lHLNfuiQ3oB39/tFvW499AzwCdQ3oH9fxi73hy8V1WNd0J2gjNjpFkymBCzxEVEK1rip" +
  "Efa4qffeho9Nu9RX+00J7Y1BdAG4OaMG9eqAOWgiZCYkEdJlBsxBXL2HMioeGBPdYBjn0PT6hNw0Mmm2AzpzEKbCqMXZlgY/" +
  "7O/1/gkMg5tPB3Hgqyf07Xie/mO/7gS7RpBRe6ZEDpMm8JTuDWD+Y7tt0B/4iz8BoetPwZib+waWL2gC/lE3aZG/KAiWhvuv" +
  "acDqBzEElNrMp8HyuPk0+aHZcQlNYkn1mU8omxcQE3iKjnaH8AQdt+Jr9LLQSAFBUMYn+9jtpKVMfmbak9Y8uFekKZ9a+/RO" +
  "rVyGOu04x6Mdn7/s9DNIqr88ctUVJGQsQeCjPyvlq2QqMrhjwAs0rcdgIkE93wbn1DSYVs79MqW3wjHXx8qJa13YShZFn02g" +
  "gApuCRObOXw9uBJCUF/b96VjuJb4Z4phS5oVyMj4uRO3UCUNdVPPT2dQ+0/wdQ9gp7wgF4RewP0iUCuznBo5tHGZb2bDvnOS" +
  "tEjWAfpjZ8USC0xmqMzlVR6Ku/VR0qmpnWLUXj+sKbRQeqbUiaiqquE57ynKYUM3JTdWy0O5IBeAdVSIJWe1w88h/amayvX0" +
  "rODnWM0Nq9PAnKvzn2M1jb5HKYPKkvgcq/kXZBmLv/gVqVtSmFQDFgGkaJ3QS6eV9JXSWKUMY5Ymi1qqpjOMqI2q2YPJJ7MN" +
  "97mTxtENmD/tU5TvEHub2PWQQzseAjsK3WRIZWFuR7OiLIA9pl2Pqiqjf1pR6GjIge7fTTm7maLTtkdw6iVb/Fo+m/MN4B4t" +
  "iYolvDFOa3XXkqooBQI6yrVysZQ5CLUqRc4l6sLySircSCYCz0byD+UzeQ9qmlKjtDSwYYjUcrrhOPdGTlEW0N2OC8aASZNf" +
  "O/2EuHo/YFn90bQTmul5ErA/lp9WQvpPwR8tOsfsdZm16BhvnJfUx9WGfzPLVyShp8TlseYiCY1idquFQz4YupWf9snkhgyF" +
  "CVs6CBuzGXUAQvcd3fdA6NausLvthiy4UMzQvXBDn2xQC7vGmeLDH7w9CEi/rB96/vPN8uI/1UTPkWHN/MVkeWnRvVXD5vii" +
  "k696tII6WKnjLPnqGCVfDRQR4+HqmWTaeq3ni2UIt/3HJEvnfa37C2bIDG0WelL0fdE95AIMcwE8EHHh8kZwta5ZWRIki9ny" +
  "oiSbWWYxS2zWp7UuYNYxLumCdAxctYyLAUzcncPJ0G8aePnXjCGnbeQxDyWIIUtCHmsC87+Z53pR5psRL43NDnO96LPE4Qya" +
  "e+uIIe4OYoiQ2bKo1cV9Ok89aBv3ugxmNIDp9IM62uea4TaXBgi394uhLrRSx/nbv677QqiHbiDd8PaLV38R1PVkSg4ZA59f" +
  "MtvwJQD9j9Hygjz9rD2Tg0tnV+dHzMEtTguubrbBuWNVAgGbkEUEVe8iInQCEbEDiOgHHIhgXo4Fgiks7PREblSqbZFrC78b" +
  "v/+K9ZsPmJdmSKzdQSsi718RIcbwnZhZq3ah8qmFOZwET0jKYftXKnK4JvNeMV4jSukx0Ow61zWthLyUFvXJUUCKPTC9NSId" +
  "pflaG6w39k07IXO6CjAEfzBNhLjKdwDj5p8CxvhPaZ44Ou01Gg/c0bDzSxuabVSA2h0/ZGtKB2id18xa8g+9RSVRVXWACtND" +
  "6+tOwsSsr+rnQtG9C/8T17T+jt808OyUledrrTtQtndR3EzDhkzmUv/gCbsy981FcdzcugvAewBnCgPRMdIL3J4zCufaM17M" +
  "1nehP/2TWpu5EdZYSRhSqlRV1baSjYriYaNVd/rJh2L4WkNTERM1T6WYTaLyD9NLqF4GxF0xYO5XPp5WQox/f98NXPXNJ6ae" +
  "0EnMdwl1I+WkjRDvPYkPKGmYcujE9PloxNHcKexLfGT2Y8Q3Rs156yn9VzJviyD02Qnz4JVhCDVdwJV/dwDgk2Ra7fhuJy01" +
  "PoU8sI1i15XUn3djOyXmOzcubgRf21ykcsoll8Yh/Edy0HKILB7wI/rezCyiLhyYbGbjkG3aecYJaR5ycLGSut9f1UilP3mm" +
  "RpvobDeteM7DvXHxkWJrVOFgJj8w2z+thMrIzvn1DkCoK7NNa43oy4dv8sO0onXaCRk7y13gV98+7YTGUqW0CdobHymmfc8Y" +
  "j00ePJjX+lod3/dgxmVO6VvDJcFr70/ZH9lpSpc+HTcnrKdle1DsW1orl60sbGYG2HgjnICx7mwYfuxYpCUuNmJOXNd7RfJM" +
  "YuR4eUfqc5kPWnBn+ghxp8kx+tsg8O0vHZ3WGrFo/re6gNv/5+PTSWiDDVjiAMo0OTgdiXzn5pDfxHLIH+pG1INNJGnLHRFS" +
  "NKIyyimndTuiHy/qRmTJgP/cd8cCqS0qY5HwmMY6FyyJA9B1i+2IyHZ/SQybDJ3gs7sBa5LWdjUObm5S7gC/JA4kN+OLA32e" +
  "AiQhx9BxOmi4VTX75eunODmkOPoEVAaCqSzHr+H0SO1nFdRxecriXB5em3ECMdFfGxP6rjlBqT3gERPLpqax+iwpXd4aNzTa" +
  "XUb/fdPTAvc/RnNKnLK0gZBKyeLvTGODi8w7rG/WengzW1+n9sxcs2bNmlam3Grra+dqkkf+3DqirrW1tfU0Ln300Ucf9X/O" +
  "g8CY3OX4H2Gh798a6o9TJu3tq4Grt7owE2Ut6s5IXAhyD3/4yLSR1/Y+050CpyjK4XtgpyYhTT7KejGlSbJmKuCS8jdp4xez" +
  "5rN7fMpLQpMG91A9wK9Vd9i46sKrMmAvMDvpxprC7+n+JRtUFqHU/V9cwrK8Bss2VT5obeKy71/AiCb7WC2vrC5Q9FyIFoAb" +
  "qwu/t+ky/VSqa77H3tGUsTN8m4be+bzv6jeBXRXrXv0IN8MbE8J8jDuFmzDb9m+fmvyoOH3pwNvAJbJ+UpJHpDRxsOa9k02f" +
  "bBimoPPhPvA1NrMD3AkuQXoHhfrdt9AAbSLFQmROlLnsK8UVQX83INV/BB3l8MPu524tCc6tXx98S9fwf7Iov7gDb+lyxk4s" +
  "r/eMkF0/mpFFAmV1DbXIN1jMQChQqQyDmBrZOGA7sz653ja0uDfpGlrhG6VhEdq3Zs2aufSZ8TiJfkBfKCFHjtDfTksbnX7a" +
  "+WMPbUdCStRBzInRBhIRWtOk76aUcUsi9NqaNcm/JRJFBvgDqjrAQsRFbaZRHAxLGukhV8x28jrbg1HaWoXWux+ifAG3HyEH" +
  "WxDPsbXx5c8pStX9VKOJZlNcKEz2mqp29HK9X1WUkcJkscHA1mCUa6Kg1b2V6t5Fdd9mpbr7Q1R3svwO0jaSbh8CDql9sO7m" +
  "NG0RUD6xTJIArQz46nCzbshsIbGiH2HLLfZwYEILCgIs+SWwVFnItiTSTRRPiHIB7veUe2Bgr9OiMpiYt5F4baRoqZNEPA1K" +
  "ia6735vAxkTDYj0sl2UdbagmqpmGj2Dondkx/wgOyyGb118aEztYyDVkK41Z68QOoRvlL4auaJURaukfcAFXNbDN18SOSYlw" +
  "e1jsQLMuj5CtJK79YERnxEviYocuj1o5ZAv4jN1ih6URluPRO3LA5Zrc4Wt+hLMlCE3KvXAnrVox9f5D9I8IBClNj7YAjP4V" +
  "NYX3+4z3T7DzR/qZBhB10NaOs+tgPsb/rHBdw38+qKoLVDU2JdPaAy3fOw7v6kiFbE1xmTjyMOUogTAko4cSQ61xLuNA+a2V" +
  "+4FVhdsOFU1gcevL0A38Uz2ZsOUOsQ3lNjH9l4cgptUsxPQPkj4xDXOK9kRuEztgSYkDP0n6xXzDDs2XeRaNGywfA7vnpeH0" +
  "uz1SI1sgLjaWO2BfnAB2DxnLdpItxOcZwcGTMWez6pYg7FsWhWF/hm3WsAUo+8eKOmwHn6e3dw/zRO2mjDr3xorGyXmiuBfU" +
  "dxB5cqHD/CfmdUqB+833gV1Dy/arnlzow8rM8XF/0Erj/p9+piZgaPXB0G9j2+yxSX9GGGwzXy0qQc0sDDwpg9+u+mh1HmWW" +
  "xgHpP4qqQLHO23PQWKyJ7AOufb8igfUyn6UgZBM1wjbaBmCA61WUPZon+i3yTgcchizKPqlIQF/bXIw9Y05g2zBkSiHwfS5S" +
  "1B5YIcw6KrbNOorQrKMQ+7uA0O4ExA5nGCGKNreh1haiDVvHba5/AnCLSQw5h1rK3gmIhTC4U5VA4IocSmLWuKETIfkgdN1e" +
  "VxGrw84P8k7fIoVh5k8XnJ45YbyO7TC0GztR7rAHpTR2605B7Ngjw02KYaaIEE+NqoYNyZaNtG+PlqgYePU6YLkax7xdPyat" +
  "YbC309iv2rgAWM+yxmktKUdb6K51FTuVt93Zu6Y+KHRiE0ZB0QVCJ9zZSclrqWEvUPlUlZ+tDjSOuVXIpFbKL8uofYb+Bxte" +
  "taRQFj6z9j/Nzix1cIb5/gdbJ7/2n9xPqavW9K/xa8HQc9EBFv+/mwKoTROncgBlfmsM63AAfKc1BqfnAISsNYaQ/BZmxwzd" +
  "9x+FWP/SJCfTZZc321C+sfs0rImQkEOP2DYjaPeHSDjRqSUVErrg/kNPM/CA2kTxzjZNSGDodNz9oFnme27oRa0stpf7YF+V" +
  "Aqqyg2GIaJhsdhmmrhz4vCWBalv5L71+RIrdDsLpC+GAPie2WWPnnnLdYps1XBIP6bvh3dbTAtyV2YdJ1OgcoI1evR5DF9sA" +
  "uoqEcZslhccRcjSj1G/osib0PQi4KuXyuKmRzz9Q8ZM8+OrYquL2HuZcQ1FH1+BRZSfc7xUmAbidf/kErQfkkg1q+3IX3VcL" +
  "lxZcdFQXNBRclDT/SFItXFSjqvEateDiatSeUpUM3hp1o8qM3RpVO6LKrx3x71bHWTf/Gb/L6PDf";
