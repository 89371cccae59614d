"""What the vectors of embedders have in common, see `centring.py`.

Half-precision numbers in base 85, written by `python -m bench.retrieval.centring`.
"""

KNOWN = {
    "multilingual-e5-small": (
        (
            "h%E1@O{wIkCn}PwLnzuQ`zsqD04(Ai>nW_HBdJd*$Sbg?3aH?#IwuSl#;XY{dMWKIQ>LmWmMN~O0<0&idMf;?>MOG;53Cxfy(<-{L#Tfv-zfGf"
            "At;Y5%BRjLbg0s!XsG=vpC&sgl_)-|fva$;BCPEy&MCB}GbIZtvn!J)-zk?WgsVrTK&jv<au*Y*&l_4OIVm)#dnIkD%d5Po0I6drG^%GS7b}da"
            "6fC@^Mk=u?oU1#kDXPt>HKR}|>MGf&1uPh<e<_fu)2T-%`zS`NjVsKmCZ}vFcPmmXcd6K^<eEmP&nW7s)G7d}yQ=G}Osl=A7%09e1}Y0A87VI)"
            "X(vr7jw<ddk*e6FP@>GFgQ{^Ro2f1-V<{IZ11;327b~i$R4Fj13M`Q+St*I7MXBqlXDUG|4XM$oDy!(I1F8|J04x70k*Y?iV5jRTxvUQ;!JXVH"
            "_NbmGqb!IhfT?Yyb*sv&8><bfB&zNvp(iY;#GnN!@~Y0NDy5<*q^cw;g(<`+(58u|gC_$iRw_3b@2Wy5$*IpN-YP7t^r?X>il_~yD4r%LVXFQq"
            "jw!{YWG5P~p{P(Ot0<4AF{s@sv#4CAji^klbf^cccc*?Tu_h#|<f-qd)+x}e%_%3U#-|e}(4qz?xGBe~z^DDH1*xhja45_wfU1Efb{*oOI4zMW"
            ">nM6D5vnz*jjB?jd8>9OH7I<kgr^Xw)*(hMD5!_2aVlvl5GvIxY$$c65~xus=c!tzGNJ*gLMjQUUMc`2CJ@Fe3#sWQqo^3E1SOm(imR?90t#m)"
            "`XmG<Xes9;B&qnOE-Dr)d!m~pI;-fal&h(!;HJ&1$0_(HJ*u#%yC>EhY$QLc1FJ<Wl&d|e0;oSLA*$1?Y9<vbP^)AokDgSjcPGoJ%c>wLs3&c$"
            "g(jjX)2TNm{-%JZ@F=Ay_o?csStv&-I4RjHpQH+-cPQ<u=O_RyhpD?GESr(1mZ|nD`Kbx4-6^FikSBgB"
        ),
        (
            "-YUDNz^HerzA9s?>Ll_hSuA@YI4g%C2rEdKhpJa9ZY%euz@}cSq9!So4XS!7Xev%C#H0NsJ18Hi=Bv=E+$rU%+$%OFRjRb8e<=Z}4xtVuXDM4N"
            "ek4LHKB!74(xwEZT&4yq?IW%!k|->zovQz;e5{EoASw%?<0ZW)(<~1uY$}N=F{(kQq^Z>_Et=e>o*p(RZYV3LNG8sy;j1#J%&1i-q^hVZb1T!U"
            "@++sKJ1YYz^{ZN{+Nr6kW~5~*)+#8d5iFIer73`_DXHxyD<+7niYg$h7^zMvhbt{BAF1J~3>`_T+9(94Au4F7RH_rKnyc)oDJY~U?I(p8^C+1o"
            "x+Tykcqs)eFREpwfTbLy^s7rJS*d&~<0-5uAS~dfNi3<T^e8i^IxHb6)F`v0H>q5xDl5n;OQ|@k39Ip__o@D<nJFkMb*fvb8K$KvTdRmDjh;I!"
            "$EfEeqbx`%eWwSe6|8Wp!K+-Tys2a+`6Y^`c^HEzv8vgs_N8DUU8yc9cPK+C_@Q~DNGXRYS13@O^Q$>245?Tt1}g}xVXHVRz^QnoKcwa;XR0hH"
            "hA3~NswWbz{iyaRv?-*g4XJ7==cr1kEvN{rv8iUPCZ#YcBPSHA-KAiueJP!+UMXs+&ZYS#yPtd}d?;P2_oxS|nWzdW-6^yyv#BU2H51#UGA=PG"
            "5GiCR9jYs-7^_gC#H!IHCMQ0sTB!)B^B9*b=cw4JNGdTYeJMRFrYNhUVWt8qw5k84x~9gcO)4s?pexBECLHxFYN^sFhNzyY2PUQ{-mKRoo*f?}"
            "6(@Ek11Ya0ovB}^gDOHS-k$U+7^_CB{Hai?yrn{`J1LzhkE^n%z$XtIDJTW1XR0YH2&<l{+^6m<<Es6u;U{$~y{Zi<E2jXg3MuQSK&izgO)1%|"
            "k|ZuEo2Z5+f2SU%mn+>U5vwYx!6>sSvnsGFd8F{711UJGQz<elyQ#Y!p`kygO{x_vZL0LF5-a#Ai7CG-"
        ),
        (
            "EUX77zN6(3jv@3Tz9dJe0;yN5NvJU>v#e~f_bB)wp`9fp$SMe{-yce>_$Wdt8K)|!L8qOskQ{xd4l493+^8v`I;%pZw4~&ujU`YUr69O138n|F"
            "S0~1=EuiY8I4#1d6|Fv_aw`%i6)?6W{H<#z)h+`j+N{m6Kc7jj`l(kf!K4GF$EQmuHm(OM5h+BeN+m?4gR9c4a;R>iZ!3Ky$0olcIjQTM*`a(T"
            "7AyU&zN@#a8>RrG46kOW*{yG%tR~c@iX<K^k|awmxf?(pSe-X0@F$8WGNdsfwJRGH=%+>~3#?`+DXS?d`Jap@;;BR;d?}wNu%Of@t}Tlq8K7UL"
            "cp%3na;7RG46yg2Oe{I3@|%Dyo*_c0ATjx%Mke1Ji6n<8Dx)4J;;l`p1SIyP46iYwH>P2zT_qJJ3oM&0bge!xL#mXh6)$xr+^svO+9@$Cv6*V4"
            "VWs>laH7d5CagOiwJcsD1(@Eb0Hw_!!W(ZSSE-OD8!fULFs^(pcpHY21}tSJohel%602UU3#d&gv?*gKhMevt(I~yB&8Eev@GN1P(JA*WJ}UjC"
            "*d!Dg(k-#3hpr8%b1L5=K`Le_daMJjn5~_tAg87-M65Web0j>UUaDiFuB*Hvo2aRqv7bXI%A7!@F)0wI=O;EPb)jh<?xA8VvL+lQRH?J1L#nhY"
            "-5Sj$M=j7Qn55pUbFDe3{G<pf*Qrw_HX+ulQ6^+7tt%OvjUyJJr>a_@*c?|SI;fANoi0eOaVm5#y)CaV&Y)zJye2ZGeVmi1;4A4Zydt3>?<JTe"
            "HKrS#9x7lgY$neovz(`*^Qw&=B`7hY6fKUXyCFj<`>I2zpQ$UVSEj3`*dV7Y{2WcHbfa`Ecq#9XJR~}$k*PPVI-hqWt0w{+H>7>6ha-`xmNChz"
            "&mKP~GpN@nb0@~FE~iYMzN&~NJ}iqEZ>fwWU!hqoRU|Mb94-v1%cG<#W2(oV=qz*}rWD63QLdydiL9rl"
        ),
    ),
}
